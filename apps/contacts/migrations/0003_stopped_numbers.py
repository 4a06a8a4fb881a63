from django.db import migrations, models


def remember_who_said_stop(apps, schema_editor):
    """What stood on contact methods only is known of their numbers from now on."""
    methods = apps.get_model("contacts", "ContactMethod").objects.filter(kind="sms", opted_out_at__isnull=False)
    stopped = apps.get_model("contacts", "StoppedNumber").objects
    for number, at in methods.order_by("opted_out_at").values_list("normalised", "opted_out_at"):
        stopped.get_or_create(number=number, defaults={"at": at})


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0002_verification_and_endpoints'),
    ]

    operations = [
        migrations.CreateModel(
            name='StoppedNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(help_text='As the network writes it (E.164).', max_length=500, unique=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.RunPython(remember_who_said_stop, migrations.RunPython.noop, elidable=True),
    ]
