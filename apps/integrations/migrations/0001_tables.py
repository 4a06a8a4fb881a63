import apps.core.encrypted
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('integrations', '0001_text_replies'),
        ('integrations', '0002_text_reply_done'),
        ('integrations', '0003_slack_answers'),
        ('integrations', '0004_imported_references'),
        ('integrations', '0005_secrets_encrypted'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='SlackAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Of one message, or of one who is told alone.', max_length=200, unique=True)),
                ('written_at', models.DateTimeField(db_index=True)),
                ('response_url', apps.core.encrypted.EncryptedText(blank=True, help_text="Slack's own address for the answer, good for half an hour.")),
                ('channel', models.CharField(max_length=80)),
                ('ts', models.CharField(max_length=40)),
                ('member', models.CharField(max_length=80)),
                ('text', models.TextField()),
                ('blocks', models.JSONField(help_text='What the message becomes; none: only the member is told.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='TextReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sid', models.CharField(help_text='What the provider knows the message by.', max_length=64, unique=True)),
                ('at', models.DateTimeField(db_index=True)),
                ('done_at', models.DateTimeField(blank=True, help_text='Since when it is carried out; empty: begun only.', null=True)),
                ('answer', models.TextField(blank=True)),
            ],
            options={
                'verbose_name_plural': 'text replies',
            },
        ),
        migrations.CreateModel(
            name='ImportedReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vendor', models.CharField(choices=[('pagerduty', 'PagerDuty'), ('opsgenie', 'Opsgenie'), ('grafana_oncall', 'Grafana OnCall')], max_length=16)),
                ('kind', models.CharField(choices=[('person', 'Person'), ('team', 'Team'), ('roster', 'Roster'), ('override', 'Override'), ('chain', 'Chain')], max_length=16)),
                ('ref', models.CharField(help_text='The id that the vendor has for it.', max_length=255)),
                ('row', models.PositiveBigIntegerField(help_text='The id that it has here.')),
                ('state', models.JSONField(help_text='What the last import made it say.')),
                ('imported_at', models.DateTimeField(help_text='When it last wrote that.')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('vendor', 'kind', 'ref'), name='imported_reference_once')],
            },
        ),
    ]
