import apps.core.marks
import apps.core.origins
import datetime
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('escalation', '0001_initial'),
        ('escalation', '0002_proof'),
        ('escalation', '0003_services_repeats_hours_turns'),
        ('escalation', '0004_webhook_targets'),
        ('escalation', '0005_silence'),
        ('escalation', '0006_ordering_without_joins'),
        ('escalation', '0007_standing_still'),
        ('escalation', '0008_unrepaired'),
        ('escalation', '0009_paged_for_silence'),
        ('escalation', '0010_the_end_of_a_hold'),
        ('escalation', '0011_sealed_rows'),
        ('escalation', '0012_asked_from'),
    ]

    initial = True

    dependencies = [
        ('catalog', '0001_tables'),
        ('contacts', '0001_tables'),
        ('incidents', '0001_tables'),
        ('rosters', '0001_tables'),
        ('teams', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Level',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('name', models.CharField(max_length=120)),
                ('after', models.DurationField(help_text='Since declaration (not since the level before).')),
                ('unless', models.CharField(choices=[('acknowledged', 'Unless acknowledged'), ('resolved', 'Unless resolved')], max_length=16)),
                ('outside_hours', models.CharField(choices=[('page', 'Page all the same'), ('wait', 'Wait until working hours begin'), ('other', 'Page the targets for outside hours instead')], default='page', help_text="Those of the incident's team.", max_length=8, verbose_name='outside working hours')),
                ('round_robin', models.BooleanField(default=False, help_text='Page one of its people, the next time the next, instead of all of them.')),
            ],
            options={
                'ordering': ['policy_id', 'number'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('asks_again_after', models.DurationField(blank=True, help_text='Acknowledged, and nobody did anything for so long: it asks again, and then goes on. Empty: never.', null=True, validators=[django.core.validators.MinValueValidator(datetime.timedelta(seconds=5))])),
                ('repeats', models.PositiveSmallIntegerField(default=0, help_text='How many more times the chain is climbed, from its first level.', validators=[django.core.validators.MaxValueValidator(10)])),
                ('repeat_every', models.DurationField(blank=True, help_text="From the start of one round to the next; longer than its last level's time.", null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(blank=True, db_constraint=False, help_text='For incidents of this service, before any policy of its team.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.service')),
                ('severity', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='incidents.severity')),
                ('team', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty, as is the service: for every team without a policy of its own.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
            ],
            options={
                'verbose_name': 'historical policy',
                'verbose_name_plural': 'historical policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalTrigger',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('key', models.SlugField()),
                ('kind', models.CharField(choices=[('impact', 'Impact'), ('technical', 'Technical')], max_length=16)),
                ('text', models.CharField(max_length=200)),
                ('level', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('shows_external_contacts', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('is_active', models.BooleanField(default=True)),
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
                'verbose_name': 'historical trigger',
                'verbose_name_plural': 'historical triggers',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalLevelTarget',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('kind', models.CharField(choices=[('on_call', "On call of the incident's team"), ('roster', 'On call of a roster'), ('next', 'Next on call of a roster'), ('team', 'Responders of a team'), ('role', 'Response role'), ('contact', 'Emergency contact'), ('person', 'Person'), ('webhook', 'Webhook')], max_length=16)),
                ('outside_hours', models.BooleanField(default=False, help_text='Paged outside working hours, instead of those without this mark.', verbose_name='outside hours')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('contact', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.emergencycontact')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('role', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='incidents.responserole')),
                ('roster', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='rosters.roster')),
                ('team', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
                ('webhook', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.webhookendpoint')),
                ('level', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='escalation.level')),
            ],
            options={
                'verbose_name': 'historical level target',
                'verbose_name_plural': 'historical level targets',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asks_again_after', models.DurationField(blank=True, help_text='Acknowledged, and nobody did anything for so long: it asks again, and then goes on. Empty: never.', null=True, validators=[django.core.validators.MinValueValidator(datetime.timedelta(seconds=5))])),
                ('repeats', models.PositiveSmallIntegerField(default=0, help_text='How many more times the chain is climbed, from its first level.', validators=[django.core.validators.MaxValueValidator(10)])),
                ('repeat_every', models.DurationField(blank=True, help_text="From the start of one round to the next; longer than its last level's time.", null=True)),
                ('service', models.ForeignKey(blank=True, help_text='For incidents of this service, before any policy of its team.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='escalation_policies', to='catalog.service')),
                ('severity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='escalation_policies', to='incidents.severity')),
                ('team', models.ForeignKey(blank=True, help_text='Empty, as is the service: for every team without a policy of its own.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='escalation_policies', to='teams.team')),
            ],
            options={
                'verbose_name_plural': 'policies',
                'ordering': ['severity__rank', 'service__name', 'team__name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('service', None)), fields=('severity', 'team'), name='policy_once_per_severity_and_team', nulls_distinct=False, violation_error_message='There is a policy for this severity and team already.'), models.UniqueConstraint(condition=models.Q(('service__isnull', False)), fields=('severity', 'service'), name='policy_once_per_severity_and_service', violation_error_message='There is a policy for this severity and service already.'), models.CheckConstraint(condition=models.Q(('asks_again_after', None), ('asks_again_after__gte', datetime.timedelta(seconds=5)), _connector='OR'), name='policy_asks_again_after_a_while'), models.CheckConstraint(condition=models.Q(('team', None), ('service', None), _connector='OR'), name='policy_of_a_service_or_a_team', violation_error_message='A policy is for a service or for a team, not for both.'), models.CheckConstraint(condition=models.Q(('repeats', 0), models.Q(('repeat_every__gt', datetime.timedelta(0)), ('repeat_every__isnull', False), ('repeats__lte', 10)), _connector='OR'), name='policy_that_repeats_says_how_often', violation_error_message='A chain that repeats says after how long, and does so ten times at most.')],
            },
        ),
        migrations.AddField(
            model_name='level',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='levels', to='escalation.policy'),
        ),
        migrations.CreateModel(
            name='HistoricalLevel',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('name', models.CharField(max_length=120)),
                ('after', models.DurationField(help_text='Since declaration (not since the level before).')),
                ('unless', models.CharField(choices=[('acknowledged', 'Unless acknowledged'), ('resolved', 'Unless resolved')], max_length=16)),
                ('outside_hours', models.CharField(choices=[('page', 'Page all the same'), ('wait', 'Wait until working hours begin'), ('other', 'Page the targets for outside hours instead')], default='page', help_text="Those of the incident's team.", max_length=8, verbose_name='outside working hours')),
                ('round_robin', models.BooleanField(default=False, help_text='Page one of its people, the next time the next, instead of all of them.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('policy', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='escalation.policy')),
            ],
            options={
                'verbose_name': 'historical level',
                'verbose_name_plural': 'historical levels',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Proof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True)),
                ('milliseconds', models.PositiveIntegerField(help_text='How long the look took.')),
                ('open_incidents', models.PositiveIntegerField()),
                ('gaps', models.JSONField(default=list, help_text='What was missing and is repaired, as sentences.')),
                ('unrepaired', models.JSONField(default=list, help_text='What is missing and could not be repaired, as sentences.')),
                ('raised', models.ForeignKey(help_text='The incident about the gaps.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.incident')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(help_text="What the levels' times count from.")),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(help_text='Resolved, cancelled, merged, or replaced by another run.', null=True)),
                ('held_until', models.DateTimeField(null=True)),
                ('maintenance_until', models.DateTimeField(help_text='While it stands still because of maintenance: until when, as was reckoned last.', null=True)),
                ('stood_still', models.DurationField(default=datetime.timedelta(0), help_text='By how much maintenance has moved its levels so far.')),
                ('asks_again_after', models.DurationField(help_text="The policy's when the run began.", null=True)),
                ('asked_again_at', models.DateTimeField(help_text='When it asked whether anybody is still on it, or went on, and nobody did anything since.', null=True)),
                ('held_by', models.ForeignKey(help_text='Who holds it and is still to be asked at its end whether they are on it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalation_runs', to='incidents.incident')),
                ('policy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='escalation.policy')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('incident',), name='run_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='RunLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField(default=1)),
                ('number', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=120)),
                ('due_at', models.DateTimeField()),
                ('waits_until', models.DateTimeField(help_text='While it is held: when it is decided.', null=True)),
                ('unless', models.CharField(choices=[('acknowledged', 'Unless acknowledged'), ('resolved', 'Unless resolved')], max_length=16)),
                ('outside_hours', models.CharField(choices=[('page', 'Page all the same'), ('wait', 'Wait until working hours begin'), ('other', 'Page the targets for outside hours instead')], default='page', max_length=8)),
                ('round_robin', models.BooleanField(default=False)),
                ('targets', models.JSONField(help_text='[{kind, id, label, outside_hours}] as they were when the run began.')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('fired', 'Paged'), ('skipped', 'Skipped'), ('passed', 'Passed'), ('held', 'Held')], default='planned', max_length=16)),
                ('at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('for_silence', models.BooleanField(default=False, help_text='Paged because whoever had acknowledged did nothing, not at its time or by hand.')),
                ('people', models.ManyToManyField(help_text='Who was paged.', related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='escalation.run')),
                ('source', models.ForeignKey(help_text='The level of the policy that it was taken from: it knows whose turn it is.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='escalation.level')),
            ],
            options={
                'ordering': ['run_id', 'round', 'number'],
                'constraints': [models.UniqueConstraint(fields=('run', 'round', 'number'), name='run_level_once_per_round_and_number'), models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'held']), ('at__isnull', False), _connector='OR'), name='run_level_decided_says_when')],
            },
        ),
        migrations.CreateModel(
            name='Trigger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True)),
                ('kind', models.CharField(choices=[('impact', 'Impact'), ('technical', 'Technical')], max_length=16)),
                ('text', models.CharField(max_length=200)),
                ('level', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('shows_external_contacts', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.CheckConstraint(condition=models.Q(('level__range', (1, 5))), name='trigger_level_1_to_5')],
            },
        ),
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(help_text='Counts the pages of the level.')),
                ('level', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='turns', to='escalation.level')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('level', 'person'), name='turn_once_per_level_and_person')],
            },
        ),
        migrations.CreateModel(
            name='LevelTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('kind', models.CharField(choices=[('on_call', "On call of the incident's team"), ('roster', 'On call of a roster'), ('next', 'Next on call of a roster'), ('team', 'Responders of a team'), ('role', 'Response role'), ('contact', 'Emergency contact'), ('person', 'Person'), ('webhook', 'Webhook')], max_length=16)),
                ('outside_hours', models.BooleanField(default=False, help_text='Paged outside working hours, instead of those without this mark.', verbose_name='outside hours')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.emergencycontact')),
                ('level', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='escalation.level')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('role', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.responserole')),
                ('roster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rosters.roster')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                ('webhook', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.webhookendpoint')),
            ],
            options={
                'ordering': ['level_id', 'position', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'on_call')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', False), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'role')), models.Q(models.Q(('contact__isnull', False), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'contact')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', False), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'person')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', False), ('webhook__isnull', True)), ('kind', 'team')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', False)), ('kind', 'webhook')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', False), ('team__isnull', True), ('webhook__isnull', True)), ('kind__in', ['roster', 'next'])), _connector='OR'), name='level_target_names_what_its_kind_says', violation_error_message='Name exactly what the kind says, and nothing else.')],
            },
        ),
        migrations.AddConstraint(
            model_name='level',
            constraint=models.UniqueConstraint(fields=('policy', 'number'), name='level_once_per_number'),
        ),
        migrations.AddConstraint(
            model_name='level',
            constraint=models.CheckConstraint(condition=models.Q(('number__range', (1, 5))), name='level_number_1_to_5'),
        ),
        migrations.AddConstraint(
            model_name='level',
            constraint=models.CheckConstraint(condition=models.Q(('after__gte', datetime.timedelta(0))), name='level_not_before_the_declaration', violation_error_message='A level is never due before the declaration.'),
        ),
    ]
