from django.db import migrations

from apps.core.encrypting import conceal_column


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0007_asked_from'),
        ('contacts', '0006_secrets_encrypted'),
    ]

    operations = [
        conceal_column('notifications_delivery', 'address', where="channel IN ('webhook', 'push')"),
    ]
