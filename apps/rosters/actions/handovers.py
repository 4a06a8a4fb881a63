"""Notes from one shift to the next."""

from __future__ import annotations

from django.db import transaction

from apps.core import clock
from apps.core.errors import Invalid
from apps.rosters.models import HandoverNote, Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

LONGEST_NOTE = 5000


@transaction.atomic
def write_handover_note(roster: Roster, text: str, *, by: User) -> HandoverNote:
    """Leave a note for whoever is on call next; who wants notices of their shifts reads it in that of its beginning.

    Raises NotAllowed unless ``by`` responds for the roster's team; Invalid, naming ``text``, for one that says nothing
    or more than LONGEST_NOTE characters.
    """
    access.require_for_team(by, Permission.RESPOND, roster.team)
    text = text.strip()
    if not text:
        raise Invalid("A note says something.", field="text")
    if len(text) > LONGEST_NOTE:
        raise Invalid(f"A note has at most {LONGEST_NOTE:,} characters.", field="text")
    return HandoverNote.objects.create(roster=roster, text=text, author=by, written_at=clock.now())
