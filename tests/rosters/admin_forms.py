"""What the pages of rosters in the admin are called, and what their forms send."""

from __future__ import annotations

from html.parser import HTMLParser

from django.test import Client
from django.urls import reverse

from apps.rosters import gap_questions
from apps.rosters.models import Roster

ROSTERS = reverse("admin:rosters_roster_changelist")
ADD_ROSTER = reverse("admin:rosters_roster_add")
ADD_OVERRIDE = reverse("admin:rosters_override_add")


def signed_in(person) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client


def change_page(roster: Roster) -> str:
    return reverse("admin:rosters_roster_change", args=[roster.pk])


def form_of(team, people) -> dict[str, object]:
    """What the page of a new roster sends: one layer of which ``people`` are the members."""
    form = {
        "slug": "nights",
        "name": "Nights",
        "team": team.pk,
        "time_zone": "Europe/Berlin",
        "layers-TOTAL_FORMS": 1,
        "layers-INITIAL_FORMS": 0,
        "layers-0-name": "Everybody",
        "layers-0-position": 1,
        "layers-0-rotation": "days",
        "layers-0-length": 1,
        "layers-0-handoff_time": "09:00",
        "layers-0-starts_on": "2026-03-02",
        "layers-0-at_once": 1,
        "layers-0-members-TOTAL_FORMS": len(people),
        "layers-0-members-INITIAL_FORMS": 0,
        "layers-0-calendar-TOTAL_FORMS": 0,
        "layers-0-calendar-INITIAL_FORMS": 0,
        "overrides-TOTAL_FORMS": 0,
        "overrides-INITIAL_FORMS": 0,
    }
    for number, person in enumerate(people):
        form[f"layers-0-members-{number}-person"] = person.pk
        form[f"layers-0-members-{number}-position"] = number + 1
    return form


def revert_page(roster: Roster, number: int = 0) -> str:
    """The page of one of its versions, the first one first."""
    record = roster.history.order_by("history_id")[number]
    return reverse("admin:rosters_roster_simple_history", args=[roster.pk, record.history_id])


def form_on(answer) -> dict[str, object]:
    """What the page of a version sends when nothing is changed on it."""
    form = answer.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in sent.items() if value not in (None, False, "")}


def saying_yes(asked, form: dict[str, object]) -> dict[str, object]:
    """What the page ``asked`` sends once somebody ticked to save all the same; ``form`` is what was sent before."""
    named = asked.context["adminform"].form[gap_questions.ACCEPTED].value()
    return form | {"accept_gaps": "on", gap_questions.ACCEPTED: named}


def preview_of(client: Client, roster: Roster | None, form: dict[str, object]):
    name, args = ("admin:rosters_roster_preview", [roster.pk]) if roster else ("admin:rosters_roster_preview_new", [])
    return client.post(reverse(name, args=args), form)


def entered(roster: Roster, **changes: object) -> dict[str, object]:
    """What the page of ``roster``, which has one layer, sends when ``changes`` of the layer are made on it."""
    layer = roster.layers.get()
    form = form_of(roster.team, []) | {
        "slug": roster.slug,
        "name": roster.name,
        "is_primary": "on",
        "layers-INITIAL_FORMS": 1,
        "layers-0-id": layer.pk,
        "layers-0-roster": roster.pk,
        "layers-0-name": layer.name,
        "layers-0-members-TOTAL_FORMS": 3,
        "layers-0-members-INITIAL_FORMS": 3,
    }
    for number, place in enumerate(layer.members.all()):
        form |= {
            f"layers-0-members-{number}-id": place.pk,
            f"layers-0-members-{number}-layer": layer.pk,
            f"layers-0-members-{number}-person": place.person_id,
            f"layers-0-members-{number}-position": place.position,
        }
    return form | {f"layers-0-{name}": value for name, value in changes.items()}


def as_shown(page) -> dict[str, list[str]]:
    """What the page of a roster sends when nothing is changed on it, with all its rows."""
    reader = _Shown()
    reader.feed(page.content.decode())
    return reader.sent


class _Shown(HTMLParser):
    """The fields of the roster's form with what stands in them."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._is_inside = False
        self._select = self._area = ""

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self._is_inside = given.get("id") == "roster_form"
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self._put(self._select, given.get("value"))
        elif tag == "textarea":
            self._area = name
            self._put(name, "")
        elif tag == "input" and given.get("type") == "checkbox":
            if "checked" in given:
                self._put(name, "on")
        elif tag == "input" and given.get("type") not in ("submit", "button", "file"):
            self._put(name, given.get("value"))

    def handle_data(self, data) -> None:
        if self._area and self._is_inside:
            self.sent[self._area] = [data.strip()]

    def handle_endtag(self, tag) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._is_inside = False

    def _put(self, name, value) -> None:
        if name and self._is_inside:
            self.sent[name] = [value or ""]
