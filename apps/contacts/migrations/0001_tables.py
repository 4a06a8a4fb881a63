import apps.core.encrypted
import apps.core.marks
import apps.core.origins
import django.core.validators
import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('contacts', '0001_initial'),
        ('contacts', '0002_verification_and_endpoints'),
        ('contacts', '0003_stopped_numbers'),
        ('contacts', '0004_sealed_rows'),
        ('contacts', '0005_asked_from'),
        ('contacts', '0006_secrets_encrypted'),
    ]

    initial = True

    dependencies = [
        ('teams', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExternalContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=120)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='StoppedNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(help_text='As the network writes it (E.164).', max_length=500, unique=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ContactMethod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'Email'), ('sms', 'Text message'), ('voice', 'Phone call'), ('pager', 'Pager (an email address that pages)'), ('slack', 'Slack'), ('push', 'Push message'), ('webhook', 'Webhook')], max_length=16)),
                ('value', models.CharField(help_text='An address, number or handle, kept as written.', max_length=500)),
                ('normalised', models.CharField(default='', editable=False, help_text='The value as its network writes it, such as E.164.', max_length=500)),
                ('address', apps.core.encrypted.EncryptedText(blank=True, default='', editable=False, help_text='Where it is posted to, of a webhook and a push device: the value then only tells it from others.', max_length=500)),
                ('details', apps.core.encrypted.EncryptedJSON(blank=True, default=dict, editable=False, help_text='What else is needed to send: the keys of a push device.')),
                ('label', models.CharField(blank=True, max_length=60)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=255)),
                ('opted_out_at', models.DateTimeField(blank=True, editable=False, help_text='Since the receiver answered STOP; START ends it.', null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0, editable=False, help_text='Permanent failures in a row; at the third it is disabled.')),
                ('source', models.CharField(choices=[('profile', 'Entered by the person'), ('procedures', 'From the procedures'), ('endpoint', 'Of a webhook endpoint')], default='profile', editable=False, max_length=16)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_methods', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['person_id', 'position', 'pk'],
                'indexes': [models.Index(fields=['normalised'], name='contact_method_normalised')],
                'constraints': [models.UniqueConstraint(fields=('person', 'kind', 'value'), name='contact_method_once_per_person', violation_error_message='The person already has this contact method.')],
            },
        ),
        migrations.CreateModel(
            name='EmergencyContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.CharField(choices=[('incident', 'Incident contacts'), ('escalation', 'Escalation contacts'), ('emergency', 'Emergency contacts')], max_length=16)),
                ('key', models.SlugField(help_text='What roles and levels name it by.')),
                ('name', models.CharField(max_length=120)),
                ('title', models.CharField(blank=True, max_length=120)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, help_text='Kept as written, dialled or not.', max_length=64)),
                ('pager', models.EmailField(blank=True, help_text='An email address that pages.', max_length=254)),
                ('slack', models.CharField(blank=True, max_length=80, verbose_name='Slack')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('person', models.ForeignKey(blank=True, editable=False, help_text='Who backs it and is paged.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='emergency_contacts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['group', 'position', 'name'],
                'constraints': [models.UniqueConstraint(fields=('group', 'key'), name='emergency_contact_once_per_group')],
            },
        ),
        migrations.CreateModel(
            name='ExternalContactPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label', models.SlugField()),
                ('kind', models.CharField(choices=[('url', 'Web page'), ('phone', 'Phone'), ('email', 'Email')], max_length=16)),
                ('value', models.CharField(max_length=500)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='points', to='contacts.externalcontact')),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('contact', 'label'), name='external_contact_point_once_per_label', violation_error_message='The contact already has a point of this label.')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalContactMethod',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'Email'), ('sms', 'Text message'), ('voice', 'Phone call'), ('pager', 'Pager (an email address that pages)'), ('slack', 'Slack'), ('push', 'Push message'), ('webhook', 'Webhook')], max_length=16)),
                ('value', models.CharField(help_text='An address, number or handle, kept as written.', max_length=500)),
                ('normalised', models.CharField(default='', editable=False, help_text='The value as its network writes it, such as E.164.', max_length=500)),
                ('label', models.CharField(blank=True, max_length=60)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=255)),
                ('opted_out_at', models.DateTimeField(blank=True, editable=False, help_text='Since the receiver answered STOP; START ends it.', null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0, editable=False, help_text='Permanent failures in a row; at the third it is disabled.')),
                ('source', models.CharField(choices=[('profile', 'Entered by the person'), ('procedures', 'From the procedures'), ('endpoint', 'Of a webhook endpoint')], default='profile', editable=False, max_length=16)),
                ('details', apps.core.encrypted.ConcealedJSON(blank=True, default=dict, editable=False, help_text='What else is needed to send: the keys of a push device.', verbose_name='details')),
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
                'verbose_name': 'historical contact method',
                'verbose_name_plural': 'historical contact methods',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalEmergencyContact',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('group', models.CharField(choices=[('incident', 'Incident contacts'), ('escalation', 'Escalation contacts'), ('emergency', 'Emergency contacts')], max_length=16)),
                ('key', models.SlugField(help_text='What roles and levels name it by.')),
                ('name', models.CharField(max_length=120)),
                ('title', models.CharField(blank=True, max_length=120)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, help_text='Kept as written, dialled or not.', max_length=64)),
                ('pager', models.EmailField(blank=True, help_text='An email address that pages.', max_length=254)),
                ('slack', models.CharField(blank=True, max_length=80, verbose_name='Slack')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='Who backs it and is paged.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical emergency contact',
                'verbose_name_plural': 'historical emergency contacts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalExternalContact',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('key', models.SlugField()),
                ('name', models.CharField(max_length=120)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
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
                'verbose_name': 'historical external contact',
                'verbose_name_plural': 'historical external contacts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalExternalContactPoint',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('label', models.SlugField()),
                ('kind', models.CharField(choices=[('url', 'Web page'), ('phone', 'Phone'), ('email', 'Email')], max_length=16)),
                ('value', models.CharField(max_length=500)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('contact', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.externalcontact')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical external contact point',
                'verbose_name_plural': 'historical external contact points',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalWebhookEndpoint',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('slug', models.SlugField()),
                ('name', models.CharField(max_length=120)),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('url', apps.core.encrypted.ConcealedText(blank=True, max_length=500, verbose_name='address')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, help_text="Whose it is; empty: the organisation's.", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team')),
            ],
            options={
                'verbose_name': 'historical webhook endpoint',
                'verbose_name_plural': 'historical webhook endpoints',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nonce', models.UUIDField(default=uuid.uuid4, help_text='What the code is derived from; new with each code.')),
                ('requested_at', models.DateTimeField()),
                ('requests', models.PositiveSmallIntegerField(default=0, help_text='Codes asked for since the hour began.')),
                ('hour_began_at', models.DateTimeField()),
                ('wrong', models.PositiveSmallIntegerField(default=0, help_text='Wrong codes told since the last one was sent.')),
                ('failure', models.CharField(blank=True, help_text='Why the code could not be sent.', max_length=255)),
                ('method', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='verification', to='contacts.contactmethod')),
            ],
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=120)),
                ('url', apps.core.encrypted.EncryptedText(max_length=500, validators=[django.core.validators.URLValidator()], verbose_name='address')),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('person', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='webhook_endpoint', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, help_text="Whose it is; empty: the organisation's.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='webhook_endpoints', to='teams.team')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
    ]
