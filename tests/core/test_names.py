"""What something is called leaves the words beside it where they are, by whatever door it came."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from apps.core.texts import one_line
from apps.teams.models import Team, User

TURNS = "Ev\u202eil\u2066 \u200bname\u0007\n Ada"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada \n Lovelace\t", "Ada Lovelace"),
        ("Ev\u202eil", "Evil"),
        ("\u2066\u200b\u200d", ""),
        ("نامه\u200cها", "نامه\u200cها"),
        ("👩\u200d🚒", "👩\u200d🚒"),
        ("", ""),
    ],
)
def test_one_line_is_what_is_seen(words: str, told: str) -> None:
    assert one_line(words) == told


@pytest.mark.django_db
def test_a_name_is_one_line_however_it_is_stored() -> None:
    made = User.objects.create_user("eve@example.com", name=TURNS)
    assert made.name == User.objects.get().name == made.history.get().name == "Evil name Ada"
    made.name = "\u202eEve"
    made.save(update_fields=["name"])
    assert User.objects.get().name == "Eve"


@pytest.mark.django_db
def test_a_name_of_which_nothing_is_seen_is_none() -> None:
    with pytest.raises(ValidationError, match="name"):
        Team(slug="hidden", name="\u202e\u200b").full_clean()
