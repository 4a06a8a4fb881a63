import apps.core.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    #: What it stands for where these ran already.
    replaces = [
        ('engine', '0001_initial'),
        ('engine', '0002_breaker'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Breaker',
            fields=[
                ('provider', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0, help_text='In a row.')),
                ('openings', models.PositiveIntegerField(default=0, help_text='In a row: each lasts longer than the one before.')),
                ('open_until', models.DateTimeField(blank=True, help_text='Until then nobody calls the provider, then one does, to try. Empty: closed.', null=True)),
                ('trial_until', models.DateTimeField(blank=True, help_text='Somebody tries it now; past this instant the trial counts as lost.', null=True)),
                ('last_error', models.TextField(blank=True)),
                ('changed_at', models.DateTimeField(default=apps.core.clock.now)),
            ],
            options={
                'verbose_name': 'circuit breaker',
                'ordering': ['provider'],
                'constraints': [models.CheckConstraint(condition=models.Q(('trial_until__isnull', True), ('open_until__isnull', False), _connector='OR'), name='engine_breaker_tried_only_while_open')],
            },
        ),
        migrations.CreateModel(
            name='Timer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=64)),
                ('lane', models.CharField(choices=[('pages', 'Pages'), ('work', 'Work'), ('bulk', 'Bulk')], max_length=8)),
                ('due_at', models.DateTimeField(help_text='A failure moves it to the next attempt.')),
                ('key', models.CharField(help_text='Unique among pending timers: scheduling twice is once.', max_length=200)),
                ('subject', models.CharField(blank=True, help_text='What it is about, to cancel by: incident:42.', max_length=100)),
                ('payload', models.JSONField(default=dict, help_text='Ids, not copies.')),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('leased', 'Leased'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('dead', 'Dead')], default='pending', max_length=9)),
                ('attempts', models.PositiveIntegerField(default=0, help_text='How often a worker began it.')),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('leased_by', models.BigIntegerField(blank=True, help_text="The worker's identity, see identity.py.", null=True)),
                ('last_error', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=apps.core.clock.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['due_at', 'id'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['lane', 'due_at', 'id'], name='engine_timer_due'), models.Index(condition=models.Q(('state', 'leased')), fields=['lease_until'], name='engine_timer_leased'), models.Index(condition=models.Q(('state', 'pending')), fields=['subject', 'kind'], name='engine_timer_subject'), models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['finished_at'], name='engine_timer_finished'), models.Index(condition=models.Q(('state', 'dead')), fields=['lane'], name='engine_timer_dead')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('key',), name='engine_timer_one_pending_per_key'), models.CheckConstraint(condition=models.Q(('lane__in', ['pages', 'work', 'bulk'])), name='engine_timer_lane_known'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'leased', 'done', 'cancelled', 'dead'])), name='engine_timer_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('leased_by__isnull', False), ('state', 'leased')), models.Q(models.Q(('state', 'leased'), _negated=True), ('lease_until__isnull', True), ('leased_by__isnull', True)), _connector='OR'), name='engine_timer_leased_by_somebody_until'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ('done', 'cancelled', 'dead'))), models.Q(models.Q(('state__in', ('done', 'cancelled', 'dead')), _negated=True), ('finished_at__isnull', True)), _connector='OR'), name='engine_timer_finished_at_an_instant')],
            },
        ),
    ]
