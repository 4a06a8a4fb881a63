"""The form that asks who takes over what somebody leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField

from apps.contacts.queries import people_who_respond
from apps.desk.leaving.holes import Hole
from apps.teams.models import User

#: What the keys of holes look like, and the name under which the form sends back what it called one.
_KEY = re.compile(r"[a-z]+-[0-9]{1,18}")
CALLED = "called-"


def sent_keys(data: Mapping[str, Any]) -> list[str]:
    """The keys of holes for which somebody was chosen."""
    return [key for key, chosen in data.items() if _KEY.fullmatch(key) and chosen]


class TakeOverForm(forms.Form):
    """For each hole somebody, or nobody yet; ``leaves`` where the person is still here.

    It knows as well for whom somebody was chosen in a form of before, where no hole is any more.
    """

    leaves = forms.BooleanField(required=False, label="Deactivate them now")

    def __init__(self, data: Any = None, *, person: User, holes: Sequence[Hole], may_end: bool) -> None:
        super().__init__(data)
        self.holes = holes
        if not may_end:
            del self.fields["leaves"]
        people = people_who_respond().exclude(pk=person.pk).prefetch_related("memberships__team")
        self._people = {str(each.pk): each for each in people}
        choices = [("", "Nobody yet"), *((key, _with_teams(each)) for key, each in self._people.items())]
        for hole in holes:
            if hole.hand_over is not None:
                self.fields[hole.key] = forms.ChoiceField(choices=choices, required=False, label=hole.words)

    def lines(self) -> Iterator[tuple[Hole, BoundField | None]]:
        """Each hole with its field; without one where nobody can take it over here."""
        for hole in self.holes:
            yield hole, self[hole.key] if hole.key in self.fields else None

    def successors(self) -> dict[str, User]:
        """Who takes over, by the key of the hole, or of what was one; only of a form that is valid."""
        return {key: self._people[self.data[key]] for key in sent_keys(self.data) if self.data[key] in self._people}

    def refuse(self, key: str, reason: str) -> None:
        """Say why what was chosen for the hole of that key was not done: beside it, or above all if there is none."""
        if key in self.fields:
            self.add_error(key, reason)
        else:
            called, chosen = self.data.get(f"{CALLED}{key}", ""), self.successors()[key]
            self.add_error(None, f"{called} {reason} You chose {chosen}; nothing of yours was done.".strip())


def _with_teams(person: User) -> str:
    teams = sorted({membership.team.name for membership in person.memberships.all() if membership.team})
    return f"{person} ({', '.join(teams)})" if teams else str(person)
