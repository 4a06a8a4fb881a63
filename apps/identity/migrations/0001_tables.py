import apps.core.clock
import apps.core.marks
import apps.core.origins
import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('identity', '0001_remembered'),
        ('identity', '0002_invitations'),
        ('identity', '0003_asked_from'),
        ('identity', '0004_groups'),
        ('identity', '0005_provisioned'),
        ('identity', '0006_provided_from'),
    ]

    initial = True

    dependencies = [
        ('teams', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Remembered',
            fields=[
                ('cache_key', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('value', models.TextField()),
                ('expires', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name_plural': 'remembered',
            },
        ),
        migrations.CreateModel(
            name='HistoricalInvitation',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, help_text='When it was used, or taken back.', null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('invited_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, help_text='Who used it; nobody while it is pending, and if it was taken back.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical invitation',
                'verbose_name_plural': 'historical invitations',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalProviderGroup',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(help_text='As the identity provider calls it.', max_length=255)),
                ('external_id', models.CharField(blank=True, help_text='How the provider numbers it; Microsoft Entra names groups by this in its claims.', max_length=255, verbose_name='external id')),
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
                'verbose_name': 'historical group of an identity provider',
                'verbose_name_plural': 'historical groups of identity providers',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, help_text='When it was used, or taken back.', null=True)),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, help_text='Who used it; nobody while it is pending, and if it was taken back.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), condition=models.Q(('ended_at__isnull', True)), name='invitation_one_open_per_address'), models.CheckConstraint(condition=models.Q(('person__isnull', True), ('ended_at__isnull', False), _connector='OR'), name='invitation_used_is_ended')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalInvitedRole',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('role', models.CharField(choices=[('admin', 'Administrator'), ('manager', 'Manager'), ('commander', 'Commander'), ('responder', 'Responder'), ('stakeholder', 'Stakeholder'), ('auditor', 'Auditor')], max_length=16)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
                ('invitation', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='identity.invitation')),
            ],
            options={
                'verbose_name': 'historical invited role',
                'verbose_name_plural': 'historical invited roles',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='InvitedRole',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('admin', 'Administrator'), ('manager', 'Manager'), ('commander', 'Commander'), ('responder', 'Responder'), ('stakeholder', 'Stakeholder'), ('auditor', 'Auditor')], max_length=16)),
                ('invitation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roles', to='identity.invitation')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
            ],
            options={
                'ordering': ['team__name'],
                'constraints': [models.UniqueConstraint(fields=('invitation', 'team', 'role'), name='invited_role_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='ProviderGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As the identity provider calls it.', max_length=255)),
                ('external_id', models.CharField(blank=True, help_text='How the provider numbers it; Microsoft Entra names groups by this in its claims.', max_length=255, verbose_name='external id')),
            ],
            options={
                'verbose_name': 'group of an identity provider',
                'verbose_name_plural': 'groups of identity providers',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='provider_group_name_once_in_any_case'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('external_id',), name='provider_group_external_id_once')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalGroupMapping',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('role', models.CharField(choices=[('admin', 'Administrator'), ('manager', 'Manager'), ('commander', 'Commander'), ('responder', 'Responder'), ('stakeholder', 'Stakeholder'), ('auditor', 'Auditor')], max_length=16)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: the whole organisation (administrators and auditors).', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
                ('group', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='identity.providergroup')),
            ],
            options={
                'verbose_name': 'historical role',
                'verbose_name_plural': 'historical roles',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='GroupMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('told_by', models.CharField(max_length=64)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='provider_groups', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='identity.providergroup')),
            ],
            options={
                'verbose_name': 'member',
                'ordering': ['person__name'],
                'constraints': [models.UniqueConstraint(fields=('group', 'person', 'told_by'), name='group_member_once_for_each_provider')],
            },
        ),
        migrations.CreateModel(
            name='GroupMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('admin', 'Administrator'), ('manager', 'Manager'), ('commander', 'Commander'), ('responder', 'Responder'), ('stakeholder', 'Stakeholder'), ('auditor', 'Auditor')], max_length=16)),
                ('team', models.ForeignKey(blank=True, help_text='Empty: the whole organisation (administrators and auditors).', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='group_mappings', to='teams.team')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mappings', to='identity.providergroup')),
            ],
            options={
                'verbose_name': 'role',
                'ordering': ['team__name', 'role'],
                'constraints': [models.UniqueConstraint(fields=('group', 'team', 'role'), name='group_mapping_once_per_role', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('team__isnull', False), ('role__in', ('admin', 'auditor')), _connector='OR'), name='group_mapping_without_team_only_organisation_wide')],
            },
        ),
        migrations.CreateModel(
            name='ProvisionedPerson',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='provisioned', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('external_id', models.CharField(blank=True, max_length=255)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'provisioned people',
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('external_id',), name='provisioned_external_id_once')],
            },
        ),
    ]
