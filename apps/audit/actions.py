"""What auditors keep for themselves."""

from __future__ import annotations

from django.db import transaction

from apps.audit.models import SavedView
from apps.teams.models import User


@transaction.atomic
def keep_search(person: User, *, name: str, query: str) -> tuple[SavedView, bool]:
    """Keep a search of the record under ``name``, and say whether there was none yet; one of that name is replaced."""
    kept, is_new = SavedView.objects.select_for_update().get_or_create(
        person=person, name=name, defaults={"query": query}
    )
    if kept.query != query:
        kept.query = query
        kept.save()
    return kept, is_new
