"""What other apps may hear of teams."""

from __future__ import annotations

#: Somebody was added by hand; the subject is the person.
PERSON_ADDED = "teams.person_added"
