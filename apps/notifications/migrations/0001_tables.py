import apps.core.clock
import apps.core.marks
import apps.core.origins
import datetime
import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('notifications', '0001_initial'),
        ('notifications', '0002_stopped'),
        ('notifications', '0003_steps_and_bundles'),
        ('notifications', '0004_unknown_attempts'),
        ('notifications', '0005_withdrawn'),
        ('notifications', '0006_sealed_rows'),
        ('notifications', '0007_asked_from'),
        ('notifications', '0008_secrets_concealed'),
    ]

    initial = True

    dependencies = [
        ('contacts', '0001_tables'),
        ('incidents', '0001_tables'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to', models.CharField(help_text='Whom the sender chose, in words: a person, a team, a roster.', max_length=200)),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='direct_pages', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalNotificationRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], max_length=8)),
                ('after', models.DurationField(default=datetime.timedelta(0), help_text='Since the notification.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_request', models.CharField(blank=True, db_default='', default=apps.core.origins.current_request, editable=False, max_length=64, verbose_name='request')),
                ('history_address', models.GenericIPAddressField(default=apps.core.origins.current_address, editable=False, null=True, verbose_name='address')),
                ('written_in', models.BigIntegerField(db_default=apps.core.marks.CurrentTransaction(), db_index=True, editable=False, verbose_name='transaction')),
                ('written_as', models.CharField(db_default=apps.core.marks.SessionRole(), editable=False, max_length=63, verbose_name='database role')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('method', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.contactmethod')),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical notification rule',
                'verbose_name_plural': 'historical notification rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPreferences',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('quiet_from', models.TimeField(blank=True, help_text='Local time; until then nothing of low urgency is sent, the app shows it.', null=True)),
                ('quiet_until', models.TimeField(blank=True, help_text='Local time, on the next day where it is earlier.', null=True)),
                ('shift_notices', models.BooleanField(default=False, help_text='A notice when a shift of theirs starts and ends.')),
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
                'verbose_name': 'historical preferences',
                'verbose_name_plural': 'historical preferences',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('page', 'Page'), ('role_page', 'Page for a role'), ('notice', 'Notice'), ('update', 'Update'), ('other', 'Other')], max_length=16)),
                ('level', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('step', models.CharField(max_length=120)),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], max_length=8)),
                ('until', models.CharField(choices=[('acknowledged', 'The incident is acknowledged'), ('resolved', 'The incident is resolved, or the receiver acknowledged'), ('sent', 'It was sent')], default='sent', max_length=16)),
                ('subject', models.CharField(max_length=250)),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(default=apps.core.clock.now)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('declined_at', models.DateTimeField(help_text='When the receiver said that they cannot take it on.', null=True)),
                ('withdrawn_at', models.DateTimeField(help_text='When the incident was handed to others before the receiver answered.', null=True)),
                ('stopped_at', models.DateTimeField(help_text='Since then no further attempt is made to deliver it.', null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('direct', models.ForeignKey(blank=True, help_text='The page by hand that it belongs to, about no incident.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='notifications.directpage')),
                ('incident', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='incidents.incident')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['person', '-id'], name='notification_of_person'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['person'], name='notification_unread'), models.Index(condition=models.Q(('acknowledged_at__isnull', True), ('kind__in', ['page', 'role_page'])), fields=['person'], name='notification_unanswered')],
                'constraints': [models.UniqueConstraint(fields=('person', 'incident', 'step'), name='notification_once_per_step', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'Text message'), ('voice', 'Phone call'), ('chat', 'Slack'), ('push', 'Push message'), ('webhook', 'Webhook'), ('in_app', 'In the app')], max_length=16)),
                ('address', models.CharField(blank=True, max_length=500)),
                ('position', models.PositiveSmallIntegerField(help_text='Its place among the steps; what stands in comes after them.')),
                ('held_back', models.BooleanField(default=False, help_text='It had to wait because its method had enough messages.')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('sending', 'Sending'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('read', 'Read'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('unknown', 'Outcome unknown')], default='planned', max_length=16)),
                ('message_id', models.UUIDField(default=uuid.uuid4, help_text='The same at every attempt.', unique=True)),
                ('provider_id', models.CharField(blank=True, help_text='What the provider knows the message by.', max_length=120)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('planned_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(default=apps.core.clock.now, help_text='When it is to be sent; a failure is tried again later.')),
                ('begun_at', models.DateTimeField(help_text='When the first attempt began.', null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('receipt_at', models.DateTimeField(help_text='When the provider last told what became of it.', null=True)),
                ('unknown_at', models.DateTimeField(help_text='When an attempt first ended without telling whether it was sent: it was then sent again.', null=True)),
                ('unknown_attempts', models.PositiveSmallIntegerField(default=0, help_text='How many attempts ended so: up to so many copies may have come more than once.')),
                ('last_error', models.TextField(blank=True)),
                ('bundled_into', models.ForeignKey(help_text='The delivery whose message tells of this one too; what becomes of it becomes of this.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bundled', to='notifications.delivery')),
                ('instead_of', models.ForeignKey(help_text='The delivery that failed, and in whose place this one is tried.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stand_ins', to='notifications.delivery')),
                ('method', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='contacts.contactmethod')),
                ('notification', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='notifications.notification')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['pk'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['planned', 'sending', 'unknown'])), fields=['notification'], name='delivery_unfinished'), models.Index(condition=models.Q(('bundled_into__isnull', True)), fields=['method', 'begun_at'], name='delivery_of_method'), models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='delivery_provider_id')],
                'constraints': [models.UniqueConstraint(fields=('notification', 'position', 'channel'), name='delivery_once_per_step')],
            },
        ),
        migrations.CreateModel(
            name='NotificationRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], max_length=8)),
                ('after', models.DurationField(default=datetime.timedelta(0), help_text='Since the notification.')),
                ('method', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='contacts.contactmethod')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notification_rules', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['person_id', 'urgency', 'after', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('person', 'urgency', 'method', 'after'), name='notification_rule_once_per_method_and_delay', violation_error_message='This step is there already.'), models.CheckConstraint(condition=models.Q(('after__gte', datetime.timedelta(0)), ('after__lte', datetime.timedelta(days=1))), name='notification_rule_delay_up_to_a_day', violation_error_message='A step comes within 24 hours of the notification.')],
            },
        ),
        migrations.CreateModel(
            name='Preferences',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quiet_from', models.TimeField(blank=True, help_text='Local time; until then nothing of low urgency is sent, the app shows it.', null=True)),
                ('quiet_until', models.TimeField(blank=True, help_text='Local time, on the next day where it is earlier.', null=True)),
                ('shift_notices', models.BooleanField(default=False, help_text='A notice when a shift of theirs starts and ends.')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='notification_preferences', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'preferences',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='preferences_quiet_hours_begin_and_end', violation_error_message='Quiet hours need a beginning and an end.')],
            },
        ),
    ]
