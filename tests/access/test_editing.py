"""Two sessions open the same form, and both save it: the second is told what changed, and loses nothing of its text."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from apps.notifications import actions as notifications
from apps.notifications.models import Urgency
from apps.teams.access import Holder
from apps.teams.models import User
from tests.access.admin import MODELS
from tests.access.editing import DEEDS, EDITS, ROWS
from tests.access.forms import PageForm, form_at
from tests.access.test_admin_doors import row_of
from tests.access.visiting import Visitor
from tests.access.web import WEB
from tests.access.world import OWN, World

THEIRS, MINE = Visitor(Holder.MANAGER), Visitor(Holder.ADMIN)


def test_every_form_says_whether_it_edits_what_others_edit():
    posted = {name for name, asks in WEB.items() if "post" in asks}
    assert posted - EDITS.keys() - DEEDS == set()
    assert (EDITS.keys() | DEEDS) - posted == set()


def test_every_model_that_can_be_changed_says_what_is_typed():
    assert {label for label, kept in MODELS.items() if kept.changes} == ROWS.keys()


def text_of(answer: Any) -> str:
    return b"".join(answer).decode()


@pytest.fixture
def things(world: World) -> dict[str, Any]:
    found = {**world.things[OWN], **world.mine[Holder.ADMIN]}
    person = found["oneself"]
    steps = [(timedelta(minutes=3), found["method"])]
    notifications.set_rules(person, Urgency.HIGH, steps=steps, by=person)
    quiet = {"quiet_from": time(20), "quiet_until": time(7), "shift_notices": False}
    notifications.set_preferences(person, **quiet, by=person)
    return found


@pytest.mark.parametrize("name", EDITS)
def test_a_page_tells_the_second_what_changed_and_holds_what_they_typed(world: World, things, name):
    edit = EDITS[name]
    mine = MINE.client(world)
    theirs = MINE.client(world) if edit.own else THEIRS.client(world)
    page, to = edit.page(things), (edit.sends_to or edit.page)(things)
    pressed = dict([edit.button]) if edit.button else {}

    def opened(client: Client) -> PageForm:
        return form_at(client.get(page), action=edit.sends_to(things) if edit.sends_to else "")

    seen = opened(mine)
    before = seen.fields[edit.field][0]
    first = opened(theirs).sent(**{edit.field: edit.typed[0]}, **pressed)
    assert theirs.post(to, first).status_code == 302
    answer = mine.post(to, seen.sent(**{edit.field: edit.typed[1]}, **pressed))
    assert answer.status_code in (409, 422)
    told = text_of(answer)
    who = User.objects.get(pk=world.people[Holder.ADMIN if edit.own else Holder.MANAGER].pk)
    assert str(who) in told
    assert "was changed while you edited it" in told
    if edit.told:
        assert all(words in told for words in edit.told)
    else:
        assert_told(told, before, edit.typed[0])
    assert opened(mine).fields[edit.field][0] == edit.typed[0]
    if not edit.again:
        assert edit.typed[1] in told
        return
    again = form_at(answer, action=edit.sends_to(things) if edit.sends_to else "")
    assert again.fields[edit.field] == [edit.typed[1]]
    over = {"over": answer.context["changed"].version} if edit.button else {}
    assert mine.post(to, {**again.sent(**pressed), **over}).status_code == 302
    assert opened(mine).fields[edit.field][0] == edit.typed[1]


def assert_told(page: str, before: str, after: str) -> None:
    """The page says from which value to which, as the form has them or in words."""
    told = [part.split("</dd>")[0] for part in page.split("from <del>")[1:]]
    assert told, "no change is told"
    old, new = (each.split("T")[-1] for each in (before, after))
    assert any(new in part.split("<ins>")[1] for part in told), told
    assert any((old or "empty") in part.split("<ins>")[0] for part in told), told


@pytest.mark.parametrize("label", ROWS)
def test_the_admin_tells_the_second_what_changed_and_holds_what_they_typed(world: World, label):
    row, model = ROWS[label], next(each for each in admin.site._registry if each._meta.label_lower == label)
    pk = row_of(model, MODELS[label], world.things[OWN])
    path, name = f"/admin/{label.replace('.', '/')}/{pk}/change/", f"{model._meta.model_name}_form"
    mine, theirs = MINE.client(world), Client()
    root = User.objects.get(email="root@example.com")
    theirs.force_login(root, backend="apps.teams.backends.PeopleBackend")
    seen = form_at(mine.get(path), name=name)
    before = seen.fields[row.field][0]
    saved = theirs.post(path, form_at(theirs.get(path), name=name).sent(**row.also, **{row.field: row.typed[0]}))
    assert saved.status_code == 302, list(saved.context["errors"])
    answer = mine.post(path, seen.sent(**row.also, **{row.field: row.typed[1]}))
    assert answer.status_code == 200
    told = text_of(answer)
    assert "was changed while you edited it" in told
    assert str(root) in told
    assert_told(told, bare(before)[:30], bare(row.typed[0]))
    again = form_at(answer, name=name)
    assert again.fields[row.field] == [row.typed[1]]
    assert form_at(mine.get(path), name=name).fields[row.field] == [row.typed[0]]
    assert mine.post(path, again.sent()).status_code == 302
    assert form_at(mine.get(path), name=name).fields[row.field] == [row.typed[1]]


def bare(value: str) -> str:
    """The words of a value, as they are told where it is a list."""
    return value.strip('[]"')
