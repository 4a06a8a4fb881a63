"""Goes through every page of the admin, as everybody, to rows that are theirs, others' and private."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import models

from apps.incidents.models import Incident
from apps.teams.access import Holder
from tests.access.admin import MODELS, OTHERS, Kept
from tests.access.asking import Verdict
from tests.access.knocking import Answer, Route, knock, routes
from tests.access.visiting import PEOPLE, Visitor, complaints, doors, visit
from tests.access.world import OTHERS_PRIVATE, World

REGISTERED = {model._meta.label_lower: (model, of) for model, of in admin.site._registry.items()}
#: The pages that Django and the history give every model.
PAGES = ("changelist", "add", "change", "delete", "history", "simple_history")
#: The list of an app, what leads from a row's bare address to its page, and what catches all the rest.
WAYS = {"admin:", "admin:app_list", "admin:view_on_site", "no_view_on_site"}
MISSING = 987_654_321
ROWS_PAGE = re.compile(r'href="(/admin/\w+/\w+/\d+/change/)["?]')
DONE, REFUSED = Verdict.DONE, Verdict.REFUSED


def names_of(label: str) -> set[str]:
    return {f"admin:{label.replace('.', '_')}_{page}" for page in PAGES}


def others() -> list[Route]:
    """The pages that are not those of a model, nor one of the ways to them."""
    known = {name for label in REGISTERED for name in names_of(label)} | WAYS
    return [route for route in routes() if route.path.startswith("admin/") and route.name not in known]


def test_every_model_and_every_page_of_the_admin_says_what_it_asks():
    assert REGISTERED.keys() == MODELS.keys()
    assert {route.name for route in others()} == OTHERS.keys()


@pytest.mark.parametrize("label", MODELS)
def test_every_action_is_known(label):
    assert set(REGISTERED[label][1].actions or ()) == set(MODELS[label].actions)


@dataclass(frozen=True)
class Try:
    """A request of a model's pages; ``wanted`` None: it is answered like a row that does not exist."""

    name: str
    method: str
    path: str
    wanted: Verdict | None
    body: dict[str, Any]
    missing: str = ""
    may_write: bool = True


def tries(label: str, visitor: Visitor, world: World) -> Iterator[Try]:
    """Everything that may be asked of the model."""
    model, of = REGISTERED[label]
    kept, base = MODELS[label], f"/admin/{label.replace('.', '/')}/"
    looks = DONE if kept.may_look(visitor.holder) else REFUSED
    yield Try("list", "get", f"{base}?q=zebr" if of.search_fields else base, looks, {})
    adds = DONE if kept.adds and kept.may_keep(visitor.holder) else REFUSED
    yield Try("add", "get", f"{base}add/", adds, {})
    yield Try("add", "post", f"{base}add/", adds, {})
    for place in visitor.reaches(kept.places):
        pk = row_of(model, kept, visitor.things(world, place))
        yield from _of_row(kept, visitor, place, base, pk, version_of(model, pk))
        for action in ("delete_selected", *kept.actions):
            chosen = {"action": action, "_selected_action": [pk]}
            keeps = kept.may_keep(visitor.holder, place) and kept.may_look(visitor.holder, place)
            yield Try(f"{action} of {place}", "post", base, looks, chosen, may_write=keeps)


def _of_row(kept: Kept, visitor: Visitor, place: str, base: str, pk: Any, version: int) -> Iterator[Try]:
    sees, keeps = kept.may_look(visitor.holder, place), kept.may_keep(visitor.holder, place)

    def allowed(does: bool) -> Verdict | None:
        return (DONE if does and keeps else REFUSED) if sees else None

    looks = DONE if sees else None
    for page, method, wanted in (
        ("change/", "get", looks),
        ("change/", "post", allowed(kept.changes)),
        ("delete/", "get", allowed(kept.deletes)),
        ("delete/", "post", allowed(kept.deletes)),
        ("history/", "get", looks),
        *(
            (f"history/{version}/", method, looks if method == "get" else allowed(kept.changes))
            for method in (("get", "post") if version else ())
        ),
    ):
        path, missing = f"{base}{pk}/{page}", f"{base}{MISSING}/{page}"
        yield Try(f"{page} of {place}", method, path, wanted, {}, missing)


def row_of(model: type[models.Model], kept: Kept, things: dict[str, Any]) -> Any:
    found = kept.row(things) if kept.row else model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    assert found is not None, f"The world has no {model._meta.label_lower}."
    return found


def version_of(model: type[models.Model], pk: Any) -> int:
    """The newest version of the row; 0 for a model without history."""
    if not hasattr(model._meta, "simple_history_manager_attribute"):
        return 0
    found = model.history.filter(**{model._meta.pk.attname: pk}).first()  # type: ignore[attr-defined]
    return found.history_id if found else 0


@pytest.mark.parametrize("visitor", [*map(Visitor, PEOPLE)], ids=str)
def test_models(world: World, visitor: Visitor, record_property):
    client, knocked, wrong, missing = visitor.client(world), 0, [], {}
    for label, each in ((name, each) for name in MODELS for each in tries(name, visitor, world)):
        answer = knock(client, each.method, each.path, each.body)
        knocked += 1
        told = complaints(answer, each.wanted or answer.meaning, visitor)
        if each.wanted is None:
            if (asked := (each.method, each.missing)) not in missing:
                missing[asked] = shape_of(knock(client, each.method, each.missing, each.body))
            if shape_of(answer) != missing[asked]:
                told.append(f"not as if it did not exist: {shape_of(answer)} and not {missing[asked]}")
        if not each.may_write and answer.written:
            told.append(f"it wrote {answer.written[0][:200]}")
        wrong += [f"{each.method.upper()} {label} {each.name}: {words}" for words in told]
    record_property("doors", knocked)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("visitor", [*map(Visitor, PEOPLE)], ids=str)
def test_what_the_page_of_a_row_links_to_opens(world: World, visitor: Visitor):
    client, followed, wrong = visitor.client(world), set(), []
    for label, place in ((name, place) for name in MODELS for place in visitor.reaches(MODELS[name].places)):
        kept = MODELS[label]
        if not kept.may_look(visitor.holder, place):
            continue
        row = row_of(REGISTERED[label][0], kept, visitor.things(world, place))
        page = knock(client, "get", f"/admin/{label.replace('.', '/')}/{row}/change/", {}).response
        for link in ROWS_PAGE.findall(page.content.decode()):
            if link not in followed and knock(client, "get", link, {}).status != HTTPStatus.OK:
                wrong.append(f"{label} of {place} links to {link}")
            followed.add(link)
    assert not wrong, "\n".join(wrong)
    assert bool(followed) == any(kept.may_look(visitor.holder) for kept in MODELS.values())


def shape_of(answer: Answer) -> tuple[int, str]:
    """By what a row that is not shown must not be told from one that does not exist."""
    return answer.status, answer.response.headers.get("Location", "")


@pytest.mark.parametrize("visitor", [Visitor(None), *map(Visitor, PEOPLE)], ids=str)
def test_other_pages(world: World, visitor: Visitor, record_property):
    knocked, wrong = visit(world, visitor, list(doors(others(), OTHERS, ("get", "post"))))
    record_property("doors", knocked)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("visitor", [*map(Visitor, PEOPLE)], ids=str)
def test_the_ways_to_the_pages(world: World, visitor: Visitor, record_property):
    looks: dict[str, bool] = {}
    for label, kept in MODELS.items():
        app = label.partition(".")[0]
        if app != "engine":  # at the address of its list stands a page of its own
            looks[app] = looks.get(app, False) or kept.may_look(visitor.holder)
    wanted = {f"/admin/{app}/": DONE if seen else Verdict.GONE for app, seen in looks.items()}
    incident = world.things[OTHERS_PRIVATE]["incident"]
    kind = ContentType.objects.get_for_model(Incident).pk
    wanted |= {
        "/admin/nowhere/": Verdict.GONE,
        f"/admin/r/{kind}/{incident}/": Verdict.GONE,
        f"/admin/incidents/incident/{incident}/": DONE,  # leads to the page, whatever is there
    }
    client = visitor.client(world)
    answers = {path: knock(client, "get", path, {}) for path in wanted}
    record_property("doors", len(wanted))
    assert {path: answer.meaning for path, answer in answers.items()} == wanted
    assert [words for path, answer in answers.items() for words in complaints(answer, wanted[path], visitor)] == []


@pytest.mark.parametrize("holder", [None, Holder.ADMIN, Holder.MANAGER])
def test_whoever_is_no_staff_signs_in_first(world: World, holder, record_property):
    if holder is not None:
        world.people[holder].is_staff = False
        world.people[holder].save()
    client, found = Visitor(holder).client(world), []
    for label in MODELS:
        base = f"/admin/{label.replace('.', '/')}/"
        found += [
            base,
            f"{base}add/",
            *(f"{base}1/{page}" for page in ("", "change/", "delete/", "history/", "history/1/")),
        ]
    found += ["/admin/", "/admin/incidents/", "/admin/nowhere/", "/admin/search/?s=a"]
    answers = {path: knock(client, "get", path, {}).meaning for path in found}
    record_property("doors", len(found))
    assert {path for path, meaning in answers.items() if meaning is not Verdict.SIGN_IN} == set()
