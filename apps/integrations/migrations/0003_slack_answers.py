from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_text_reply_done'),
    ]

    operations = [
        migrations.CreateModel(
            name='SlackAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Of one message, or of one who is told alone.', max_length=200, unique=True)),
                ('written_at', models.DateTimeField(db_index=True)),
                ('response_url', models.TextField(blank=True, help_text="Slack's own address for the answer, good for half an hour.")),
                ('channel', models.CharField(max_length=80)),
                ('ts', models.CharField(max_length=40)),
                ('member', models.CharField(max_length=80)),
                ('text', models.TextField()),
                ('blocks', models.JSONField(help_text='What the message becomes; none: only the member is told.', null=True)),
            ],
        ),
    ]
