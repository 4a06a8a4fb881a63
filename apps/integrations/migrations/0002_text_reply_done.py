from django.db import migrations, models
from django.db.models import F


def what_was_taken_is_done(apps, schema_editor):
    """A reply whose carrying out failed was deleted."""
    apps.get_model("integrations", "TextReply").objects.filter(done_at=None).update(done_at=F("at"))


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0001_text_replies'),
    ]

    operations = [
        migrations.AddField(
            model_name='textreply',
            name='done_at',
            field=models.DateTimeField(blank=True, help_text='Since when it is carried out; empty: begun only.', null=True),
        ),
        migrations.RunPython(what_was_taken_is_done, migrations.RunPython.noop, elidable=True),
    ]
