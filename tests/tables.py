"""The tables of the house that a test may fill."""

from __future__ import annotations

from django.apps import apps

#: Made with the tables, the same in every database of a run, and never taken away.
KEPT = frozenset({"contenttypes.contenttype", "auth.permission"})


def tables() -> list[str]:
    """Their names, those between two others included."""
    return [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in KEPT
    ]
