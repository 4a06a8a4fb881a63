"""``python -m faults.tables``: make the tables from the models, as the database's owner.

In seconds, where the migrations take most of a minute; that those lead to the same tables is checked by ``make lint``.
"""

from __future__ import annotations

import os


def make() -> None:
    """Make every table, trigger and grant in the empty database of the environment."""
    os.environ["DATABASE_ROLE"] = "owner"
    import django

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)


if __name__ == "__main__":
    make()
