"""Every form of the pages and of the admin, filled in by somebody who means harm: no fault, and nothing is executed."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client

from apps.teams.access import Holder
from tests.access.admin import MODELS
from tests.access.forms import PageForm, forms_of
from tests.access.knocking import undone
from tests.access.test_admin_doors import row_of
from tests.access.test_doors import pages
from tests.access.visiting import Visitor, doors
from tests.access.web import WEB
from tests.access.world import OWN, World
from tests.hostile import HUGE, TEXTS

VISITOR = Visitor(Holder.ADMIN)
#: What is in every text field at once: a text that fits most of them, all of these texts, one without an end, a nought.
FILLED = {
    "markup": TEXTS["markup"],
    "texts": " ".join(text for name, text in TEXTS.items() if name not in ("zero", "slow")),
    "huge": HUGE,
    "zero": TEXTS["zero"],
}
#: What a page would execute; everything that was typed stands in it with its signs escaped.
EXECUTED = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


def harmed(client: Client, path: str, form: PageForm) -> tuple[int, list[str]]:
    """On how many pages that answered stood what was typed, and what went wrong: each text in all fields of the form.

    Where it was saved, the page that shows it is the answer.
    """
    told, wrong = 0, []
    for name, text in FILLED.items():
        with undone():
            answer = client.post(form.action or path, {**form.fields, **dict.fromkeys(form.written, text)})
            if answer.status_code == 302 and answer["Location"].startswith("/"):
                answer = client.get(answer["Location"])
            page = b"".join(answer).decode(errors="replace")
        found = [f"{answer.status_code}"] * (answer.status_code >= 500) + ["holds markup"] * (EXECUTED in page)
        wrong += [f"{form.action or path} {form.name} with {name}: {each}" for each in found]
        told += ESCAPED in page
    return told, wrong


def forms_there(client: Client, path: str) -> list[PageForm]:
    """The forms of the page that somebody can write text into."""
    with undone():
        answer = client.get(path)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            return []
        return [form for form in forms_of(answer) if form.method == "post" and form.written]


def test_the_forms_of_the_pages(world: World):
    client, things = VISITOR.client(world), VISITOR.things(world, OWN)
    seen, told, wrong = set(), 0, []
    for door in doors(pages(), WEB, ("get",)):
        if not door.is_there or door.ask.of == "grant":
            continue
        path = door.address(things)
        for form in forms_there(client, path):
            where = (form.action or path, *sorted(form.written))
            if where not in seen:
                seen.add(where)
                shown, faults = harmed(client, path, form)
                told, wrong = told + shown, wrong + faults
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 20
    assert told > 20


@pytest.mark.parametrize("label", [label for label, kept in MODELS.items() if kept.adds or kept.changes])
def test_the_forms_of_the_admin(world: World, label):
    kept, model = MODELS[label], next(each for each in admin.site._registry if each._meta.label_lower == label)
    client, base = VISITOR.client(world), f"/admin/{label.replace('.', '/')}/"
    path = f"{base}{row_of(model, kept, world.things[OWN])}/change/" if kept.changes else f"{base}add/"
    found = forms_there(client, path)
    wrong = [fault for form in found for fault in harmed(client, path, form)[1]]
    assert not wrong, "\n".join(wrong)
    assert found or not kept.changes
