import apps.core.clock
import apps.core.marks
import apps.core.origins
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_stream'),
    ]

    initial = True

    dependencies = [
        ('incidents', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Layout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(db_index=True, max_length=63)),
                ('body', models.TextField(help_text='JSON: the table, its key, the columns, and whose the personal ones are.')),
                ('digest', models.CharField(help_text='SHA-256 of the body.', max_length=64, unique=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PersonalKey',
            fields=[
                ('subject', models.CharField(help_text='Whose it is: person:42.', max_length=100, primary_key=True, serialize=False)),
                ('key', models.BinaryField(help_text='32 random bytes.')),
            ],
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('body', models.TextField(help_text='JSON: what is sealed, and the hash of the seal before.')),
                ('digest', models.CharField(help_text='SHA-256 of the body: the head of the chain.', max_length=64, unique=True)),
            ],
            options={
                'ordering': ['number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HistoricalSavedView',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('query', models.TextField(help_text='The filters, as they stand in the address of the page.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical saved view',
                'verbose_name_plural': 'historical saved views',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('at', models.DateTimeField(db_index=True, default=apps.core.clock.now)),
                ('act', models.CharField(choices=[('signed_in', 'Signed in'), ('sign_in_failed', 'Sign-in failed'), ('signed_out', 'Signed out'), ('locked_out', 'Locked out'), ('confirmed', 'Confirmed who they are'), ('factor_added', 'Way of signing in added'), ('factor_removed', 'Way of signing in removed'), ('session_ended', 'Session ended'), ('invited', 'Invited'), ('invitation_used', 'Invitation used'), ('provisioned', 'Changed by the identity provider'), ('token_made', 'Token made'), ('token_rotated', 'Token rotated'), ('token_revoked', 'Token revoked'), ('token_elsewhere', 'Token used from a new address'), ('role_changed', 'Role changed'), ('private_read', 'Private incident read'), ('exported', 'Exported'), ('erased', 'Personal data erased'), ('keys_rotated', 'Keys rotated')], max_length=32)),
                ('text', models.TextField()),
                ('about_table', models.CharField(blank=True, help_text='The table of what it was done to, if any.', max_length=63)),
                ('about_row', models.CharField(blank=True, help_text='And which row of it.', max_length=64)),
                ('teams', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text="Whose it is; empty: the organisation's.", size=None)),
                ('data', models.JSONField(default=dict)),
                ('request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('by', models.ForeignKey(db_constraint=False, help_text='Who did it; empty where that is not known, or the house did it.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(help_text='The incident that it tells of: whoever may not see that does not see this.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.incident')),
            ],
            options={
                'verbose_name_plural': 'entries',
                'ordering': ['-at', '-id'],
                'abstract': False,
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['teams'], name='audit_entry_teams')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('query', models.TextField(help_text='The filters, as they stand in the address of the page.')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='audit_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('person', 'name'), name='audit_view_once_per_name')],
            },
        ),
        migrations.CreateModel(
            name='Leaves',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(help_text="The place of the first of them among the seal's leaves, from 0.")),
                ('lowest', models.BigIntegerField(help_text='The lowest of the keys.')),
                ('highest', models.BigIntegerField(help_text='The highest of the keys.')),
                ('numbers', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text='The keys, in the order of the leaves.', size=None)),
                ('digests', django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), help_text="SHA-256 of each row's canonical text.", size=None)),
                ('layout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.layout')),
                ('seal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='leaves', to='audit.seal')),
            ],
            options={
                'verbose_name_plural': 'leaves',
                'ordering': ['seal_id', 'position'],
                'abstract': False,
                'indexes': [models.Index(fields=['layout', 'highest'], name='audit_leaves_of_rows')],
                'constraints': [models.UniqueConstraint(fields=('seal', 'position'), name='audit_leaves_once_per_place')],
            },
        ),
    ]
