"""What the audit does when somebody did something: it writes it down, in the same transaction."""

from __future__ import annotations

from apps.audit.models import Entry
from apps.core.audited import NOTED, Occurrence
from apps.core.events import on
from apps.incidents.models import Incident


@on(NOTED)
def write_down(noted: Occurrence) -> None:
    """Keep an act in the stream, with where it was asked for."""
    about = noted.about
    Entry.objects.create(
        act=noted.act,
        by_id=None if noted.by is None else noted.by.pk,
        text=noted.text,
        about_table="" if about is None else about._meta.db_table,
        about_row="" if about is None else str(about.pk),
        incident=about if isinstance(about, Incident) else None,
        teams=sorted(set(noted.teams)),
        data=dict(noted.data),
    )
