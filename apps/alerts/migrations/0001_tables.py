import apps.alerts.models.mapping
import apps.core.clock
import apps.core.marks
import apps.core.origins
import datetime
import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('alerts', '0001_initial'),
        ('alerts', '0002_taken_in'),
        ('alerts', '0003_heartbeats'),
        ('alerts', '0004_sealed_rows'),
        ('alerts', '0005_asked_from'),
    ]

    initial = True

    dependencies = [
        ('catalog', '0001_tables'),
        ('incidents', '0001_tables'),
        ('teams', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Integration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(choices=[('alertmanager', 'Prometheus Alertmanager'), ('generic', 'Generic JSON'), ('heartbeat', 'Heartbeat')], max_length=32)),
                ('key_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('key_hint', models.CharField(editable=False, help_text='How the key begins.', max_length=16, verbose_name='key')),
                ('is_active', models.BooleanField(default=True, help_text='Switched off, its key is unknown (404).')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(blank=True, help_text='What its alerts are about when they name no known service.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='integrations', to='catalog.service')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='integrations', to='teams.team')),
            ],
            options={
                'ordering': ['team__name', 'name'],
                'constraints': [models.UniqueConstraint(fields=('team', 'name'), name='integration_name_once_per_team', violation_error_message='The team already has an integration of this name.')],
            },
        ),
        migrations.CreateModel(
            name='AlertSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_label', models.CharField(default='component', help_text='Names a service by its slug.', max_length=120)),
                ('team_label', models.CharField(default='team', help_text='Names a team by its slug.', max_length=120)),
                ('opsgenie_priorities', models.JSONField(blank=True, default=dict, help_text="Opsgenie's own priorities as severities.", validators=[apps.alerts.models.mapping.validate_text_map])),
            ],
            options={
                'verbose_name_plural': 'alert settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='alert_settings_are_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=128)),
                ('is_current', models.BooleanField(default=True)),
                ('status', models.CharField(choices=[('firing', 'Firing'), ('resolved', 'Resolved')], max_length=16)),
                ('title', models.CharField(max_length=500)),
                ('labels', models.JSONField(default=dict, help_text='Texts by name.')),
                ('annotations', models.JSONField(default=dict, help_text='Texts by name.')),
                ('links', models.JSONField(default=list, help_text='[{title, url}]')),
                ('starts_at', models.DateTimeField(help_text='As the sender says, else when we heard of it.')),
                ('ends_at', models.DateTimeField(blank=True, help_text='As the sender says, else when we heard of it.', null=True)),
                ('first_received_at', models.DateTimeField()),
                ('last_received_at', models.DateTimeField()),
                ('deliveries', models.PositiveIntegerField(default=1)),
                ('incident', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='incidents.incident')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='catalog.service')),
                ('severity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='incidents.severity')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='teams.team')),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='alerts.integration')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['incident', 'id'], name='alert_of_incident')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('integration', 'fingerprint'), name='alert_one_current_per_fingerprint'), models.CheckConstraint(condition=models.Q(('incident__isnull', False), models.Q(('status', 'firing'), _negated=True), _connector='OR'), name='alert_that_fires_has_an_incident')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalAlertSettings',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('service_label', models.CharField(default='component', help_text='Names a service by its slug.', max_length=120)),
                ('team_label', models.CharField(default='team', help_text='Names a team by its slug.', max_length=120)),
                ('opsgenie_priorities', models.JSONField(blank=True, default=dict, help_text="Opsgenie's own priorities as severities.", validators=[apps.alerts.models.mapping.validate_text_map])),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical alert settings',
                'verbose_name_plural': 'historical alert settings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalHeartbeat',
            fields=[
                ('integration_ptr', models.ForeignKey(auto_created=True, blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, parent_link=True, related_name='+', to='alerts.integration')),
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(choices=[('alertmanager', 'Prometheus Alertmanager'), ('generic', 'Generic JSON'), ('heartbeat', 'Heartbeat')], max_length=32)),
                ('key_hint', models.CharField(editable=False, help_text='How the key begins.', max_length=16, verbose_name='key')),
                ('is_active', models.BooleanField(default=True, help_text='Switched off, its key is unknown (404).')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False)),
                ('every', models.DurationField(help_text='So long after a beat the next has come, or it is missing: 25:00:00 for 25 hours. Leave room for how long the job takes.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(blank=True, db_constraint=False, help_text='What its alerts are about when they name no known service.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.service')),
                ('severity', models.ForeignKey(blank=True, db_constraint=False, help_text='Of its alert. Empty: what the severity rules say of an alert without labels.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='incidents.severity')),
                ('team', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
            ],
            options={
                'verbose_name': 'historical heartbeat',
                'verbose_name_plural': 'historical heartbeats',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalIntegration',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(choices=[('alertmanager', 'Prometheus Alertmanager'), ('generic', 'Generic JSON'), ('heartbeat', 'Heartbeat')], max_length=32)),
                ('key_hint', models.CharField(editable=False, help_text='How the key begins.', max_length=16, verbose_name='key')),
                ('is_active', models.BooleanField(default=True, help_text='Switched off, its key is unknown (404).')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('created_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(blank=True, db_constraint=False, help_text='What its alerts are about when they name no known service.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.service')),
                ('team', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
            ],
            options={
                'verbose_name': 'historical integration',
                'verbose_name_plural': 'historical integrations',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalSeverityRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(db_index=True)),
                ('labels', models.JSONField(help_text='For example ["priority", "severity"].', validators=[apps.alerts.models.mapping.validate_texts])),
                ('values', models.JSONField(help_text='In any case of letters. "*" is any value, "" an alert that has none of the labels.', validators=[apps.alerts.models.mapping.validate_texts])),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('severity', models.ForeignKey(blank=True, db_constraint=False, help_text="Empty: the label's value itself, as written.", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='incidents.severity')),
            ],
            options={
                'verbose_name': 'historical severity rule',
                'verbose_name_plural': 'historical severity rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='InboxEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.BinaryField()),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('handled_at', models.DateTimeField(blank=True, null=True)),
                ('taken_in', models.PositiveIntegerField(db_default=0, help_text='How many of its alerts were looked at, in order.')),
                ('failed', models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Which of those could not be taken in for a fault of ours: they are tried again.')),
                ('failures', models.PositiveIntegerField(db_default=0)),
                ('problem', models.TextField(blank=True, db_default='')),
                ('integration', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='inbox', to='alerts.integration')),
            ],
            options={
                'verbose_name_plural': 'inbox entries',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['integration', '-id'], name='inbox_of_integration'), models.Index(condition=models.Q(('handled_at__isnull', True)), fields=['id'], name='inbox_waiting'), models.Index(condition=models.Q(('problem', ''), _negated=True), fields=['integration', '-id'], name='inbox_problems'), models.Index(condition=models.Q(('handled_at__isnull', False)), fields=['handled_at'], name='inbox_handled')],
            },
        ),
        migrations.CreateModel(
            name='SeverityRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(unique=True)),
                ('labels', models.JSONField(help_text='For example ["priority", "severity"].', validators=[apps.alerts.models.mapping.validate_texts])),
                ('values', models.JSONField(help_text='In any case of letters. "*" is any value, "" an alert that has none of the labels.', validators=[apps.alerts.models.mapping.validate_texts])),
                ('severity', models.ForeignKey(blank=True, help_text="Empty: the label's value itself, as written.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alert_rules', to='incidents.severity')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('integration_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='alerts.integration')),
                ('every', models.DurationField(help_text='So long after a beat the next has come, or it is missing: 25:00:00 for 25 hours. Leave room for how long the job takes.')),
                ('state', models.CharField(choices=[('waiting', 'Waits for a beat'), ('alive', 'Alive'), ('missing', 'Missing')], default='waiting', editable=False, max_length=8)),
                ('last_beat_at', models.DateTimeField(editable=False, null=True)),
                ('severity', models.ForeignKey(blank=True, help_text='Of its alert. Empty: what the severity rules say of an alert without labels.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='heartbeats', to='incidents.severity')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('every__gte', datetime.timedelta(seconds=60)), ('every__lte', datetime.timedelta(days=366))), name='heartbeat_every_minute_to_year', violation_error_message='A heartbeat comes every minute to every 366 days.'), models.CheckConstraint(condition=models.Q(('state', 'waiting'), ('last_beat_at__isnull', False), _connector='OR'), name='heartbeat_counts_from_a_beat')],
            },
            bases=('alerts.integration',),
        ),
    ]
