"""Every form of the pages and of the admin, filled in by somebody who means harm: no fault, and nothing is executed."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.identity import invitations
from apps.identity.models import Invitation
from apps.teams.access import Holder
from apps.teams.models import User
from tests.access.admin import MODELS
from tests.access.forms import PageForm, forms_of
from tests.access.knocking import undone
from tests.access.test_admin_doors import row_of
from tests.access.test_doors import pages
from tests.access.visiting import Visitor, doors
from tests.access.web import WEB
from tests.access.world import OWN, World
from tests.factories.teams import make_person
from tests.hostile import HUGE, TEXTS

VISITOR = Visitor(Holder.ADMIN)
PASSWORD = "correct horse battery staple"
#: What is in every field at once that text is written into: one that fits most of them, all of these texts, one
#: without an end, a nought.
WRITTEN = {
    "markup": TEXTS["markup"],
    "texts": " ".join(text for name, text in TEXTS.items() if name not in ("zero", "slow")),
    "huge": HUGE,
    "zero": TEXTS["zero"],
}
#: What is in every field at once, in those that nobody sees and in those that are chosen from too.
PUT_IN = "[" * 5_000 + TEXTS["zero"]
#: What a page would execute; everything that was typed stands in it with its signs escaped.
EXECUTED = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


def fillings(form: PageForm) -> Iterator[tuple[str, dict[str, str]]]:
    """What the fields of the form are filled with. The token stays: without it nothing else would be read."""
    for name, text in WRITTEN.items():
        if form.written:
            yield name, dict.fromkeys(form.written, text)
    hidden_too = [field for field in form.fields if field != "csrfmiddlewaretoken"]
    yield "what is no text in all", dict.fromkeys(hidden_too, PUT_IN)


def harmed(client: Client, path: str, form: PageForm) -> tuple[int, list[str]]:
    """On how many pages that answered stood what was typed, and what went wrong: each text in all fields of the form.

    Where it was saved, the page that shows it is the answer. Whoever sends stays who they are.
    """
    told, wrong, cookies = 0, [], client.cookies
    for name, filled in fillings(form):
        client.cookies = copy.deepcopy(cookies)
        with undone():
            answer = client.post(form.action or path, {**form.fields, **filled})
            if name in WRITTEN and answer.status_code == 302 and answer["Location"].startswith("/"):
                answer = client.get(answer["Location"])
            page = b"".join(answer).decode(errors="replace")
        refused_unread = answer.status_code >= 500 or answer.status_code == 429
        found = [f"{answer.status_code}"] * refused_unread + ["holds markup"] * (EXECUTED in page)
        wrong += [f"{form.action or path} {form.name} with {name}: {each}" for each in found]
        told += ESCAPED in page
    client.cookies = cookies
    return told, wrong


def forms_there(client: Client, path: str) -> list[PageForm]:
    """The forms of the page by which something is sent."""
    with undone():
        answer = client.get(path)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            return []
        return [
            form for form in forms_of(answer) if form.method == "post" and form.fields.keys() - {"csrfmiddlewaretoken"}
        ]


def test_the_forms_of_the_pages(world: World):
    client, things = VISITOR.client(world), VISITOR.things(world, OWN)
    seen, told, wrong = set(), 0, []
    for door in doors(pages(), WEB, ("get",)):
        if not door.is_there or door.ask.of == "grant":
            continue
        path = door.address(things)
        for form in forms_there(client, path):
            where = (form.action or path, *sorted(form.fields))
            if where not in seen:
                seen.add(where)
                shown, faults = harmed(client, path, form)
                told, wrong = told + shown, wrong + faults
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 20
    assert told > 20


def somebody(name: str) -> User:
    """Who signs in by a password and an authenticator app."""
    person = make_person(name)
    person.set_password(PASSWORD)
    person.save()
    TOTP.activate(person, generate_totp_secret())
    return person


def browser(person: User | None = None, *, typed: str = "") -> Client:
    """One in which ``person`` is signed in, or, with ``typed``, has typed their password and nothing else yet."""
    client = Client(raise_request_exception=False)
    if typed and person is not None:
        client.post("/login/", {"login": person.email, "password": typed})
    elif person is not None:
        client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def reset_link(person: User) -> str:
    """What is mailed to whoever forgot their password."""
    named = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return reverse("account_reset_password_from_key", kwargs=named)


def test_the_forms_of_whoever_is_not_signed_in_or_not_wholly(world: World):
    person, chooses = somebody("Nora"), browser()
    chosen = chooses.get(reset_link(somebody("Forgetful")))["Location"]
    invited = invitations.link_of(Invitation.objects.get(pk=world.things[OWN]["invitation"]))
    pages_of_them = [
        (browser(), "/login/", 2), (browser(), "/login/forgotten/", 1), (chooses, chosen, 1),
        (browser(), invited.removeprefix(settings.SITE_URL), 1), (browser(person, typed=PASSWORD), "/login/second/", 1),
        (browser(person), "/confirm/", 1), (browser(person), "/confirm/code/", 1),
        (browser(person), "/profile/sign-in/password/", 1),
    ]  # fmt: skip
    for client, path, at_least in pages_of_them:
        found = forms_there(client, path)
        assert len(found) >= at_least, path
        assert [fault for form in found for fault in harmed(client, path, form)[1]] == []


@pytest.mark.parametrize("label", [label for label, kept in MODELS.items() if kept.adds or kept.changes])
def test_the_forms_of_the_admin(world: World, label):
    kept, model = MODELS[label], next(each for each in admin.site._registry if each._meta.label_lower == label)
    client, base = VISITOR.client(world), f"/admin/{label.replace('.', '/')}/"
    path = f"{base}{row_of(model, kept, world.things[OWN])}/change/" if kept.changes else f"{base}add/"
    found = forms_there(client, path)
    wrong = [fault for form in found for fault in harmed(client, path, form)[1]]
    assert not wrong, "\n".join(wrong)
    assert found or not kept.changes
