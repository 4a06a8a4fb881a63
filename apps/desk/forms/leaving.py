"""The form that asks who takes over what somebody leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms import BoundField

from apps.contacts.queries import people_who_respond
from apps.desk.leaving.holes import Hole
from apps.teams.models import User


class TakeOverForm(forms.Form):
    """For each hole somebody, or nobody yet; ``leaves`` where the person is still here."""

    leaves = forms.BooleanField(required=False, label="Deactivate them now")

    def __init__(self, data: Any = None, *, person: User, holes: Sequence[Hole], may_end: bool) -> None:
        super().__init__(data)
        self.holes = holes
        if not may_end:
            del self.fields["leaves"]
        self._people = {str(each.pk): each for each in people_who_respond().exclude(pk=person.pk)}
        choices = [("", "Nobody yet"), *((key, str(each)) for key, each in self._people.items())]
        for hole in holes:
            if hole.hand_over is not None:
                self.fields[hole.key] = forms.ChoiceField(choices=choices, required=False, label=hole.words)

    def lines(self) -> Iterator[tuple[Hole, BoundField | None]]:
        """Each hole with its field; without one where nobody can take it over here."""
        for hole in self.holes:
            yield hole, self[hole.key] if hole.key in self.fields else None

    def successors(self) -> dict[str, User]:
        """Who takes over, by the key of the hole; only of a form that is valid."""
        named = {hole.key: self.cleaned_data.get(hole.key, "") for hole in self.holes}
        return {key: self._people[chosen] for key, chosen in named.items() if chosen}
