"""The record as auditors find it: one list over histories, timelines and the stream, each line only for whom it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from simple_history.manager import HistoryDescriptor

from apps.audit.record import search
from apps.audit.record.search import Asked, Page, Place, page
from apps.audit.record.sources import sources
from apps.audit.record.told import HIDDEN, FieldChange, Line, tell
from apps.catalog.models import Service
from apps.contacts.models import ContactMethod, EmergencyContact
from apps.core import origins
from apps.core.audited import Act, note
from apps.core.errors import Invalid
from apps.core.history import made_by
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident
from apps.postmortems.models import Answer, Postmortem, Section
from apps.rosters.models import Override
from apps.teams.models import Membership, Team, TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team


@pytest.fixture
def team(db: None, clock: Any) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def auditor(team: Team) -> User:
    return make_person("Audra", None, TeamRole.AUDITOR)


def found(viewer: User, **asked: Any) -> list[Line]:
    return tell(page(viewer, Asked(**asked), size=500).places)


def said(lines: list[Line]) -> list[str]:
    return [f"{line.verb} {line.thing}{': ' if line.text else ''}{line.text}" for line in lines]


def test_a_change_is_told_with_who_what_and_from_what_to_what(clock: Any, team: Team, rita: User, auditor: User):
    override = Override.objects.create(
        roster=put_on_call(team, rita), person=rita, during=(clock.now, clock.now + timedelta(hours=8))
    )
    clock.shift(hours=1)
    override.reason = "Dentist"
    override._change_reason = "Asked by phone"
    made_by(override, rita)
    with origins.within(origins.Origin("192.0.2.7", "request-1")):
        override.save()
    (line, first) = found(auditor, what="rosters.override", row=str(override.pk))
    assert (line.at, line.who, line.verb, line.reason) == (clock.now, rita, "changed", "Asked by phone")
    assert (line.address, line.request) == ("192.0.2.7", "request-1")
    assert line.changes == [FieldChange("Reason", "", "Dentist")]
    assert "Rita" in line.thing
    assert first.verb == "added"
    assert FieldChange("Person", "", "Rita") in first.changes


def test_how_an_emergency_contact_is_reached_is_shown(team: Team, auditor: User):
    """Of a supplier without an account and of somebody who has one: whom to call at night is nobody's secret."""
    for person in (None, auditor):
        contact = EmergencyContact.objects.create(group="incident", key=f"of-{person}", name="Ada", person=person)
        contact.phone = "+4930901820"
        contact.save()
        (changed, _) = found(auditor, what="contacts.emergencycontact", row=str(contact.pk))
        assert FieldChange("Phone", "", "+4930901820") in changed.changes
        assert "Ada" in changed.thing


def test_what_is_gone_is_told_with_what_it_was(team: Team, auditor: User):
    membership = Membership.objects.create(person=auditor, team=team, role=TeamRole.STAKEHOLDER)
    membership.delete()
    (removed, added) = found(auditor, what="teams.membership", who=None, team=team)
    assert (removed.verb, added.verb) == ("removed", "added")
    assert FieldChange("Role", "Stakeholder", "") in removed.changes
    assert FieldChange("Team", str(team), "") in removed.changes


def test_every_line_about_an_incident_leads_to_it(clock: Any, team: Team, rita: User, auditor: User):
    incident = declare(team, rita)
    incidents.acknowledge(incident.pk, by=rita)
    review = Postmortem.objects.create(incident=incident, started_at=clock.now)
    Answer.objects.create(postmortem=review, section=Section.LESSONS, key="why", text="Why?")
    lines = found(auditor, incident=incident)
    assert {"incidents.incident", "postmortems.postmortem", "postmortems.answer"} <= {line.what for line in lines}
    assert {line.incident for line in lines} == {incident}


def test_the_services_of_an_incident_are_told(team: Team, rita: User, auditor: User):
    incident = declare(team, rita)
    service = Service.objects.create(team=team, slug="api", name="The API")
    incident.services.add(service)
    newest = found(auditor, what="incidents.incident", row=str(incident.pk))[0]
    assert FieldChange("Services", "", "The API") in newest.changes


def test_timeline_and_stream_stand_among_the_changes(clock: Any, team: Team, rita: User, auditor: User):
    incident = declare(team, rita)
    clock.shift(minutes=1)
    incidents.add_note(incident.pk, text="It is the disk", by=rita)
    clock.shift(minutes=1)
    note(Act.EXPORTED, "Exported 3 shifts", by=rita, teams=(team.pk,))
    lines = found(auditor, who=rita)
    assert said(lines)[:2] == ["exported : Exported 3 shifts", f"note {incident.reference}: It is the disk"]
    assert f"declared {incident.reference}" in " ".join(said(lines))


def test_the_stream_says_to_whom_something_was_done_by_the_name_of_now(team: Team, rita: User, auditor: User):
    other = make_person("Omar", team, TeamRole.RESPONDER)
    note(Act.ROLE_CHANGED, "Is no longer responder", by=rita, about=other)
    note(Act.CONFIRMED, "Confirmed who they are", by=rita, about=rita)
    User.objects.filter(pk=other.pk).update(name="Former person 1")
    assert said(found(auditor, verb=Act.ROLE_CHANGED)) == ["role_changed Former person 1: Is no longer responder"]
    assert said(found(auditor, verb=Act.CONFIRMED)) == ["confirmed : Confirmed who they are"]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"verb": EventKind.NOTE}, {"note"}),
        ({"verb": Act.EXPORTED}, {"exported"}),
        ({"verb": "added"}, {"added"}),
        ({"words": "gardener"}, {"note"}),
        ({"words": "%"}, set()),
        ({"what": "timeline", "verb": "added"}, set()),
        ({"address": "192.0.2.1"}, {"note"}),
    ],
)
def test_each_filter_finds_what_it_says(team: Team, rita: User, auditor: User, asked: dict[str, Any], kinds: set[str]):
    incident = declare(team, rita)
    with origins.within(origins.Origin("192.0.2.1")):
        incidents.add_note(incident.pk, text="Was it the Gardener?", by=rita)
    note(Act.EXPORTED, "Exported", by=rita)
    assert {line.verb for line in found(auditor, **asked)} == kinds


def test_what_has_no_index_is_looked_for_in_ninety_days_unless_it_says_from_when(
    clock: Any, team: Team, rita: User, auditor: User
):
    incident = declare(team, rita)
    with origins.within(origins.Origin("192.0.2.1", "request-1")):
        incidents.add_note(incident.pk, text="It is the disk", by=rita)
    told = clock.now
    clock.shift(days=91)
    for asked in ({"words": "disk"}, {"address": "192.0.2.1"}, {"request": "request-1"}):
        assert not found(auditor, **asked)
        for bounded in ({"end": clock.now - timedelta(days=2)}, {"begin": told}, {"incident": incident}):
            assert [line.text for line in found(auditor, **asked, **bounded)] == ["It is the disk"]


def test_a_search_that_takes_too_long_is_given_up(
    team: Team, rita: User, auditor: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(search, "_LONGEST", timedelta(milliseconds=50))
    with pytest.raises(Invalid, match="takes too long"), search._bounded(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_time_is_from_inclusive_until_exclusive(clock: Any, team: Team, rita: User, auditor: User):
    incident = declare(team, rita)
    moments = []
    for text in ("One", "Two", "Three"):
        clock.shift(minutes=1)
        moments.append(clock.now)
        incidents.add_note(incident.pk, text=text, by=rita)
    lines = found(auditor, verb="note", begin=moments[0], end=moments[2], incident=incident)
    assert [line.text for line in lines] == ["Two", "One"]


def test_pages_lead_to_every_line_once_and_back(clock: Any, team: Team, rita: User, auditor: User):
    incident = declare(team, rita)
    for number in range(7):  # all at one instant
        incidents.add_note(incident.pk, text=str(number), by=rita)
        note(Act.EXPORTED, str(number), by=rita)
    everything = page(auditor, Asked(), size=500).places
    assert everything == sorted(everything, reverse=True)
    down: list[Page] = [page(auditor, Asked(), size=4)]
    while down[-1].older:
        down.append(page(auditor, Asked(), size=4, before=down[-1].places[-1]))
    assert [place for each in down for place in each.places] == everything
    assert [each.newer for each in down] == [False, *[True] * (len(down) - 1)]
    back = page(auditor, Asked(), size=4, after=down[2].places[0])
    assert (back.places, back.newer, back.older) == (down[1].places, True, True)
    assert not page(auditor, Asked(), size=4, after=down[1].places[0]).newer
    assert [Place.read(str(place)) for place in everything] == everything


@pytest.mark.parametrize("text", ["", "x", "äö", "MjAyNi0wMS0wMSB0aW1lbGluZSAx", "A" * 5000, "\x00"])
def test_a_place_that_nobody_made_is_refused(text: str):
    with pytest.raises(Invalid):
        Place.read(text)


def test_private_incidents_are_told_to_nobody_but_whom_they_concern(team: Team, rita: User, auditor: User):
    commander = make_person("Carla", team, TeamRole.COMMANDER)
    manager = make_person("Mona", team, TeamRole.MANAGER)
    incident = declare(team, rita, private=True, title="Somebody stole")
    note(Act.PRIVATE_READ, "Read", by=commander, about=incident, teams=(team.pk,))
    for viewer in (auditor, manager, make_person("Ada", None, TeamRole.ADMIN)):
        assert not [line for line in found(viewer) if line.incident == incident or incident.reference in line.thing]
        assert not found(viewer, words="stole")
    both = Membership.objects.create(person=commander, team=team, role=TeamRole.MANAGER)
    verbs = {line.verb for line in found(both.person, incident=Incident.objects.get())}
    assert {"private_read", "declared", "added"} <= verbs


def test_a_teams_manager_and_auditor_read_their_teams_record_only(team: Team, rita: User):
    other = make_team("ai")
    manager = make_person("Mona", team, TeamRole.MANAGER)
    team_auditor = make_person("Tessa", team, TeamRole.AUDITOR)
    stranger = make_person("Stan", other, TeamRole.RESPONDER)
    declare(team, rita)
    declare(other, stranger)
    note(Act.SIGNED_IN, "Signed in", by=rita)
    for viewer in (manager, team_auditor):
        lines = found(viewer)
        assert {line.incident.team for line in lines if line.incident} == {team}
        assert "signed_in" not in {line.verb for line in lines}
        assert [line.who for line in lines if line.what == "teams.membership"] != []
        assert not found(viewer, team=other)
    assert found(rita) == []


def test_how_a_person_is_reached_is_not_shown_nor_found(team: Team, rita: User, auditor: User):
    ContactMethod.objects.create(person=rita, kind="sms", value="+49 30 1234567", label="Secret lover")
    line = found(auditor, what="contacts.contactmethod")[0]
    assert HIDDEN in {change.after for change in line.changes}
    assert "1234567" not in repr(found(auditor))
    assert "lover" not in repr(found(auditor))
    assert not found(auditor, words="1234567")


def test_it_costs_the_same_for_many_lines(clock: Any, team: Team, rita: User, auditor: User):
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tell(page(auditor, Asked(), size=50).places)
        return len(queries)

    incident = declare(team, rita)
    few = cost()
    for number in range(40):
        incidents.add_note(incident.pk, text=str(number), by=make_person(f"Person {number}", team, TeamRole.RESPONDER))
    for _ in range(3):
        declare(team, rita)
    assert cost() <= few


def test_every_history_is_a_source():
    kept = {
        model._meta.label_lower
        for model in apps.get_models()
        if isinstance(vars(model).get("history"), HistoryDescriptor)
    }
    assert sources().keys() == kept | {"stream", "timeline"}


def test_another_incident_that_is_private_is_not_named(team: Team, rita: User, auditor: User):
    private, incident = declare(team, rita, private=True), declare(team, rita)
    incident.follows = private
    incident.save()
    newest = found(auditor, what="incidents.incident", row=str(incident.pk))[0]
    assert newest.changes == [FieldChange("Follows", "", "a private incident")]
