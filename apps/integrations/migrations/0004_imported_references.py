from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0003_slack_answers'),
    ]

    operations = [
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
