import datetime
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0001_initial'),
        ('contacts', '0001_initial'),
        ('escalation', '0002_proof'),
        ('incidents', '0003_involvement_reasons'),
        ('rosters', '0001_initial'),
        ('teams', '0002_calendar'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(help_text='Counts the pages of the level.')),
            ],
        ),
        migrations.AlterModelOptions(
            name='policy',
            options={'ordering': ['severity__rank', 'service__name', 'team__name'], 'verbose_name_plural': 'policies'},
        ),
        migrations.AlterModelOptions(
            name='runlevel',
            options={'ordering': ['run', 'round', 'number']},
        ),
        migrations.RemoveConstraint(
            model_name='leveltarget',
            name='level_target_names_what_its_kind_says',
        ),
        migrations.RemoveConstraint(
            model_name='policy',
            name='policy_once_per_severity_and_team',
        ),
        migrations.RemoveConstraint(
            model_name='runlevel',
            name='run_level_once_per_number',
        ),
        migrations.AddField(
            model_name='historicallevel',
            name='outside_hours',
            field=models.CharField(choices=[('page', 'Page all the same'), ('wait', 'Wait until working hours begin'), ('other', 'Page the targets for outside hours instead')], default='page', help_text="Those of the incident's team.", max_length=8, verbose_name='outside working hours'),
        ),
        migrations.AddField(
            model_name='historicallevel',
            name='round_robin',
            field=models.BooleanField(default=False, help_text='Page one of its people, the next time the next, instead of all of them.'),
        ),
        migrations.AddField(
            model_name='historicalleveltarget',
            name='outside_hours',
            field=models.BooleanField(default=False, help_text='Paged outside working hours, instead of those without this mark.', verbose_name='outside hours'),
        ),
        migrations.AddField(
            model_name='historicalleveltarget',
            name='team',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team'),
        ),
        migrations.AddField(
            model_name='historicalpolicy',
            name='repeat_every',
            field=models.DurationField(blank=True, help_text="From the start of one round to the next; longer than its last level's time.", null=True),
        ),
        migrations.AddField(
            model_name='historicalpolicy',
            name='repeats',
            field=models.PositiveSmallIntegerField(default=0, help_text='How many more times the chain is climbed, from its first level.', validators=[django.core.validators.MaxValueValidator(10)]),
        ),
        migrations.AddField(
            model_name='historicalpolicy',
            name='service',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='For incidents of this service, before any policy of its team.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.service'),
        ),
        migrations.AddField(
            model_name='level',
            name='outside_hours',
            field=models.CharField(choices=[('page', 'Page all the same'), ('wait', 'Wait until working hours begin'), ('other', 'Page the targets for outside hours instead')], default='page', help_text="Those of the incident's team.", max_length=8, verbose_name='outside working hours'),
        ),
        migrations.AddField(
            model_name='level',
            name='round_robin',
            field=models.BooleanField(default=False, help_text='Page one of its people, the next time the next, instead of all of them.'),
        ),
        migrations.AddField(
            model_name='leveltarget',
            name='outside_hours',
            field=models.BooleanField(default=False, help_text='Paged outside working hours, instead of those without this mark.', verbose_name='outside hours'),
        ),
        migrations.AddField(
            model_name='leveltarget',
            name='team',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team'),
        ),
        migrations.AddField(
            model_name='policy',
            name='repeat_every',
            field=models.DurationField(blank=True, help_text="From the start of one round to the next; longer than its last level's time.", null=True),
        ),
        migrations.AddField(
            model_name='policy',
            name='repeats',
            field=models.PositiveSmallIntegerField(default=0, help_text='How many more times the chain is climbed, from its first level.', validators=[django.core.validators.MaxValueValidator(10)]),
        ),
        migrations.AddField(
            model_name='policy',
            name='service',
            field=models.ForeignKey(blank=True, help_text='For incidents of this service, before any policy of its team.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='escalation_policies', to='catalog.service'),
        ),
        migrations.AddField(
            model_name='runlevel',
            name='outside_hours',
            field=models.CharField(choices=[('page', 'Page all the same'), ('wait', 'Wait until working hours begin'), ('other', 'Page the targets for outside hours instead')], default='page', max_length=8),
        ),
        migrations.AddField(
            model_name='runlevel',
            name='round',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='runlevel',
            name='round_robin',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='runlevel',
            name='source',
            field=models.ForeignKey(help_text='The level of the policy that it was taken from: it knows whose turn it is.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='escalation.level'),
        ),
        migrations.AddField(
            model_name='runlevel',
            name='waits_until',
            field=models.DateTimeField(help_text='While it is held: when it is decided.', null=True),
        ),
        migrations.AlterField(
            model_name='historicalleveltarget',
            name='kind',
            field=models.CharField(choices=[('on_call', "On call of the incident's team"), ('roster', 'On call of a roster'), ('next', 'Next on call of a roster'), ('team', 'Responders of a team'), ('role', 'Response role'), ('contact', 'Emergency contact'), ('person', 'Person')], max_length=16),
        ),
        migrations.AlterField(
            model_name='historicalpolicy',
            name='team',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Empty, as is the service: for every team without a policy of its own.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team'),
        ),
        migrations.AlterField(
            model_name='leveltarget',
            name='kind',
            field=models.CharField(choices=[('on_call', "On call of the incident's team"), ('roster', 'On call of a roster'), ('next', 'Next on call of a roster'), ('team', 'Responders of a team'), ('role', 'Response role'), ('contact', 'Emergency contact'), ('person', 'Person')], max_length=16),
        ),
        migrations.AlterField(
            model_name='policy',
            name='team',
            field=models.ForeignKey(blank=True, help_text='Empty, as is the service: for every team without a policy of its own.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='escalation_policies', to='teams.team'),
        ),
        migrations.AlterField(
            model_name='runlevel',
            name='targets',
            field=models.JSONField(help_text='[{kind, id, label, outside_hours}] as they were when the run began.'),
        ),
        migrations.AddConstraint(
            model_name='level',
            constraint=models.CheckConstraint(condition=models.Q(('after__gte', datetime.timedelta(0))), name='level_not_before_the_declaration', violation_error_message='A level is never due before the declaration.'),
        ),
        migrations.AddConstraint(
            model_name='leveltarget',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('contact', None), ('kind', 'on_call'), ('person', None), ('role', None), ('roster', None), ('team', None)), models.Q(('contact', None), ('kind', 'role'), ('person', None), ('role__isnull', False), ('roster', None), ('team', None)), models.Q(('contact__isnull', False), ('kind', 'contact'), ('person', None), ('role', None), ('roster', None), ('team', None)), models.Q(('contact', None), ('kind', 'person'), ('person__isnull', False), ('role', None), ('roster', None), ('team', None)), models.Q(('contact', None), ('kind', 'team'), ('person', None), ('role', None), ('roster', None), ('team__isnull', False)), models.Q(('contact', None), ('kind__in', ['roster', 'next']), ('person', None), ('role', None), ('roster__isnull', False), ('team', None)), _connector='OR'), name='level_target_names_what_its_kind_says', violation_error_message='Name exactly what the kind says, and nothing else.'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.UniqueConstraint(condition=models.Q(('service', None)), fields=('severity', 'team'), name='policy_once_per_severity_and_team', nulls_distinct=False, violation_error_message='There is a policy for this severity and team already.'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.UniqueConstraint(condition=models.Q(('service__isnull', False)), fields=('severity', 'service'), name='policy_once_per_severity_and_service', violation_error_message='There is a policy for this severity and service already.'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('team', None), ('service', None), _connector='OR'), name='policy_of_a_service_or_a_team', violation_error_message='A policy is for a service or for a team, not for both.'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('repeats', 0), models.Q(('repeat_every__gt', datetime.timedelta(0)), ('repeat_every__isnull', False), ('repeats__lte', 10)), _connector='OR'), name='policy_that_repeats_says_how_often', violation_error_message='A chain that repeats says after how long, and does so ten times at most.'),
        ),
        migrations.AddConstraint(
            model_name='runlevel',
            constraint=models.UniqueConstraint(fields=('run', 'round', 'number'), name='run_level_once_per_round_and_number'),
        ),
        migrations.AddField(
            model_name='turn',
            name='level',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='turns', to='escalation.level'),
        ),
        migrations.AddField(
            model_name='turn',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.UniqueConstraint(fields=('level', 'person'), name='turn_once_per_level_and_person'),
        ),
    ]
