import apps.communications.models
import apps.core.marks
import apps.core.origins
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('communications', '0001_initial'),
        ('communications', '0002_sealed_rows'),
        ('communications', '0003_asked_from'),
    ]

    initial = True

    dependencies = [
        ('incidents', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalMessageTemplate',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('audience', models.CharField(choices=[('internal', 'Response team'), ('external', 'Customers')], max_length=16)),
                ('phase', models.CharField(choices=[('initial', 'Initial message'), ('update', 'Update'), ('resolution', 'Resolution')], max_length=16)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField(help_text='Understood are {title}, {reference}, {severity}, {status}, {impact}, {next_update}, {url}, {services}, {team}, {commander}.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('severity', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: for every severity that has none of its own.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='incidents.severity')),
            ],
            options={
                'verbose_name': 'historical message template',
                'verbose_name_plural': 'historical message templates',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalUpdateSchedule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('initial', models.CharField(help_text='After declaration; immediately: the system sends it.', max_length=32, validators=[apps.communications.models.validate_delay])),
                ('every', models.CharField(blank=True, help_text='After the last one. Empty: no more.', max_length=32, validators=[apps.communications.models.validate_interval])),
                ('resolution', models.CharField(blank=True, help_text='After the resolution; immediately: the system sends it. Empty: none is due.', max_length=32, validators=[apps.communications.models.validate_delay])),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('severity', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='incidents.severity')),
            ],
            options={
                'verbose_name': 'historical update schedule',
                'verbose_name_plural': 'historical update schedules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='UpdateSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('initial', models.CharField(help_text='After declaration; immediately: the system sends it.', max_length=32, validators=[apps.communications.models.validate_delay])),
                ('every', models.CharField(blank=True, help_text='After the last one. Empty: no more.', max_length=32, validators=[apps.communications.models.validate_interval])),
                ('resolution', models.CharField(blank=True, help_text='After the resolution; immediately: the system sends it. Empty: none is due.', max_length=32, validators=[apps.communications.models.validate_delay])),
                ('severity', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='update_schedule', to='incidents.severity')),
            ],
            options={
                'ordering': ['severity__rank'],
            },
        ),
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.CharField(choices=[('internal', 'Response team'), ('external', 'Customers')], max_length=16)),
                ('phase', models.CharField(choices=[('initial', 'Initial message'), ('update', 'Update'), ('resolution', 'Resolution')], max_length=16)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField(help_text='Understood are {title}, {reference}, {severity}, {status}, {impact}, {next_update}, {url}, {services}, {team}, {commander}.')),
                ('severity', models.ForeignKey(blank=True, help_text='Empty: for every severity that has none of its own.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='message_templates', to='incidents.severity')),
            ],
            options={
                'ordering': ['audience', 'phase', 'severity__rank'],
                'constraints': [models.UniqueConstraint(fields=('severity', 'audience', 'phase'), name='message_template_once_per_occasion', nulls_distinct=False, violation_error_message='There is a template for this severity, audience and phase already.')],
            },
        ),
        migrations.CreateModel(
            name='Update',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('audience', models.CharField(choices=[('internal', 'Response team'), ('external', 'Customers')], max_length=16)),
                ('phase', models.CharField(choices=[('initial', 'Initial message'), ('update', 'Update'), ('resolution', 'Resolution')], max_length=16)),
                ('status', models.CharField(choices=[('declared', 'Declared'), ('acknowledged', 'Acknowledged'), ('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved'), ('closed', 'Closed'), ('cancelled', 'Cancelled'), ('merged', 'Merged')], help_text="The incident's status in the message.", max_length=16)),
                ('subject', models.CharField(max_length=250)),
                ('message', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(help_text='Empty: the system.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='updates', to='incidents.incident')),
            ],
            options={
                'ordering': ['-pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['incident', '-id'], name='update_of_incident')],
            },
        ),
    ]
