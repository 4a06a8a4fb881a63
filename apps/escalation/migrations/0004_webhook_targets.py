import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0002_verification_and_endpoints'),
        ('escalation', '0003_services_repeats_hours_turns'),
        ('incidents', '0004_ways_of_answering'),
        ('rosters', '0001_initial'),
        ('teams', '0002_calendar'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='leveltarget',
            name='level_target_names_what_its_kind_says',
        ),
        migrations.AddField(
            model_name='historicalleveltarget',
            name='webhook',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.webhookendpoint'),
        ),
        migrations.AddField(
            model_name='leveltarget',
            name='webhook',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.webhookendpoint'),
        ),
        migrations.AlterField(
            model_name='historicalleveltarget',
            name='kind',
            field=models.CharField(choices=[('on_call', "On call of the incident's team"), ('roster', 'On call of a roster'), ('next', 'Next on call of a roster'), ('team', 'Responders of a team'), ('role', 'Response role'), ('contact', 'Emergency contact'), ('person', 'Person'), ('webhook', 'Webhook')], max_length=16),
        ),
        migrations.AlterField(
            model_name='leveltarget',
            name='kind',
            field=models.CharField(choices=[('on_call', "On call of the incident's team"), ('roster', 'On call of a roster'), ('next', 'Next on call of a roster'), ('team', 'Responders of a team'), ('role', 'Response role'), ('contact', 'Emergency contact'), ('person', 'Person'), ('webhook', 'Webhook')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='leveltarget',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'on_call')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', False), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'role')), models.Q(models.Q(('contact__isnull', False), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'contact')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', False), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', True)), ('kind', 'person')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', False), ('webhook__isnull', True)), ('kind', 'team')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', True), ('team__isnull', True), ('webhook__isnull', False)), ('kind', 'webhook')), models.Q(models.Q(('contact__isnull', True), ('person__isnull', True), ('role__isnull', True), ('roster__isnull', False), ('team__isnull', True), ('webhook__isnull', True)), ('kind__in', ['roster', 'next'])), _connector='OR'), name='level_target_names_what_its_kind_says', violation_error_message='Name exactly what the kind says, and nothing else.'),
        ),
    ]
