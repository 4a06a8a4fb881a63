"""Incidents on the public status page: who puts them there, what is refused, and what never gets out (R25)."""

from __future__ import annotations

import re

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from apps.communications.actions import send_update
from apps.communications.models import (
    Audience,
    Component,
    ComponentStatus,
    Publication,
    PublicStatus,
    PublicUpdate,
    Update,
)
from apps.communications.status_page import actions, queries
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.engine import actions as engine
from apps.engine.registry import key_of_recurrence
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident, Via
from apps.teams import actions as tokens
from apps.teams.models import Scope
from tests.factories.incidents import declare
from tests.factories.status_page import make_component, notice, publish
from tests.factories.teams import make_person


@pytest.fixture
def api(team):
    return make_component(team)


def told(incident, kind):
    return list(incident.timeline.filter(kind=kind).values_list("text", flat=True))


def hide(incident, **how):
    """As whatever action would: the row itself says that nobody outside may read of it."""
    Incident.objects.filter(pk=incident.pk).update(**how)


def test_what_is_published_is_kept_as_an_update_for_customers_and_told_on_the_timeline(clock, team, commander, api):
    incident = declare(team, title="Customer X leaked")
    publication = publish(incident, commander, api)
    update = Update.objects.get(audience=Audience.EXTERNAL)
    assert (update.message, update.published.publication, update.by) == ("We look into it.", publication, commander)
    assert told(incident, EventKind.PUBLISHED) == ["On the status page, investigating: Requests are slow"]
    page = queries.page()
    assert [each.name for each in page.unresolved] == ["Requests are slow"]
    assert [(each.component, each.status) for each in page.components] == [(api, ComponentStatus.PARTIAL)]


def test_an_update_that_was_written_before_is_published_in_its_own_words_and_once(clock, team, commander):
    incident = declare(team)
    written = send_update(incident.pk, audience=Audience.EXTERNAL, message="As agreed with legal.", by=commander)
    assert list(queries.unpublished_updates(incident)) == [written]
    actions.publish(incident.pk, notice(message=""), by=commander, update=written.pk)
    assert PublicUpdate.objects.get().update == written
    assert Update.objects.filter(audience=Audience.EXTERNAL).count() == 1
    with pytest.raises(Invalid) as refused:
        actions.publish(incident.pk, notice(), by=commander, update=written.pk)
    assert refused.value.field == "update"


def test_who_commands_or_speaks_for_it_publishes_and_nobody_else(clock, team, commander, responder, stakeholder):
    incident = declare(team)
    for person in (responder, stakeholder, make_person("Zoe", None, None)):
        with pytest.raises(NotAllowed):
            publish(incident, person)
        with pytest.raises(NotAllowed):
            actions.rehearse(incident.pk, notice(), by=person)
    assert not Publication.objects.exists()
    incidents.assign_role(incident.pk, role="communications_lead", person=responder, by=commander)
    publish(incident, responder)
    with pytest.raises(NotAllowed):
        actions.take_off(incident.pk, reason="No", by=stakeholder)
    actions.take_off(incident.pk, reason="Wrong one", by=responder)
    assert queries.page().unresolved == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " \n "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"message": " "}, "message"),
        ({"status": "closed"}, "status"),
        ({"impact": "huge"}, "impact"),
        ({"components": {999_999: "major_outage"}}, "components"),
    ],
)
def test_what_cannot_be_published_is_refused_by_its_field(clock, team, commander, wrong, field):
    incident = declare(team)
    with pytest.raises(Invalid) as refused:
        publish(incident, commander, **wrong)
    assert refused.value.field == field
    assert not Update.objects.filter(audience=Audience.EXTERNAL).exists()


def test_a_preview_publishes_nothing(clock, team, commander, api):
    incident = declare(team)
    shown = actions.rehearse(incident.pk, notice(name=" Two\nlines "), by=commander)
    assert shown.name == "Two lines"
    assert not Publication.objects.exists()
    assert not Update.objects.filter(audience=Audience.EXTERNAL).exists()


def test_it_goes_on_and_once_resolved_nothing_is_affected_any_more(clock, team, commander, api):
    incident = declare(team)
    publish(incident, commander, api)
    clock.shift(minutes=30)
    publication = publish(incident, commander, api, status=PublicStatus.RESOLVED, message="It works again.")
    page = queries.page()
    assert (page.unresolved, page.recent) == ([], [publication])
    assert (page.components[0].status, page.overall.indicator) == (ComponentStatus.OPERATIONAL, "none")
    assert page.components[0].days[-1][1] == ComponentStatus.PARTIAL
    clock.shift(minutes=5)
    again = publish(incident, commander, api, status=PublicStatus.INVESTIGATING)
    assert (again.pk, again.resolved_at) == (publication.pk, None)


def test_two_incidents_on_one_component_show_the_worse_until_it_is_over(clock, team, commander, api):
    first, second = declare(team), declare(team)
    publish(first, commander, components={api.pk: ComponentStatus.MAJOR})
    publish(second, commander, components={api.pk: ComponentStatus.DEGRADED})
    assert queries.page().components[0].status == ComponentStatus.MAJOR
    publish(first, commander, components={api.pk: ComponentStatus.MAJOR}, status=PublicStatus.RESOLVED)
    assert queries.page().components[0].status == ComponentStatus.DEGRADED


@pytest.mark.parametrize("kind", ["private", "drill"])
def test_a_private_incident_and_a_drill_are_refused_whoever_asks(clock, team, commander, kind):
    incident = declare(team, commander, **{kind: True})
    for by in (commander, None):
        with pytest.raises(RuleViolation):
            publish(incident, by)
        with pytest.raises(RuleViolation):
            actions.rehearse(incident.pk, notice(), by=by)
    with pytest.raises(CommandError, match="is never published"):
        call_command(
            "status_page", "publish", str(incident), "--name", "x", "--status", "resolved", "--impact", "none",
            "--message", "x", "--user", commander.email,
        )  # fmt: skip
    assert not Publication.objects.exists()


@pytest.mark.parametrize("kind", ["private", "drill"])
def test_the_database_refuses_it_too(clock, team, commander, kind):
    incident = declare(team, commander, **{kind: True})
    row = Publication(
        incident=incident, name="x", status="investigating", impact="none", published_at=incident.declared_at,
        changed_at=incident.declared_at,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="never published"), transaction.atomic():
        row.save()
    shown = declare(team)
    publication = publish(shown, commander)
    hide(shown, **{kind: True})
    with pytest.raises(IntegrityError, match="never published"), transaction.atomic():
        publication.save()
    words = Update.objects.create(
        incident=shown, audience=Audience.EXTERNAL, phase="update", status="declared", subject="x", message="x",
        at=shown.declared_at,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="never published"), transaction.atomic():
        PublicUpdate.objects.create(
            publication=publication, update=words, name="x", status="resolved", impact="none", at=shown.declared_at
        )


@pytest.mark.parametrize("kind", ["private", "drill"])
def test_one_that_becomes_private_is_off_the_page_at_once_and_that_is_said(clock, client, team, commander, kind):
    incident = declare(team)
    publication = publish(incident, commander, name="Canary")
    address = f"/status/incidents/{publication.code}/"
    assert "Canary" in client.get(address).content.decode()
    hide(incident, **{kind: True})
    assert client.get(address).status_code == 404
    for path in ("", "history.atom", "api/v2/summary.json", "api/v2/incidents.json"):
        assert "Canary" not in client.get(f"/status/{path}").content.decode()
    engine.schedule("communications.withdraw_all", key=key_of_recurrence("communications.withdraw_all"))
    run_due()
    publication.refresh_from_db()
    assert publication.taken_off_at is not None
    assert told(incident, EventKind.TAKEN_OFF) == [
        f"Taken off the status page: it is {'private' if kind == 'private' else 'a drill'}."
    ]
    actions.withdraw_what_nobody_may_see(incident.pk)
    assert len(told(incident, EventKind.TAKEN_OFF)) == 1


def test_one_that_is_merged_into_a_private_one_leaves_the_page(clock, client, team, commander):
    incident, private = declare(team), declare(team, commander, private=True)
    publish(incident, commander, name="Canary")
    incidents.merge(incident.pk, into=private.pk, by=commander)
    assert "Canary" not in client.get("/status/").content.decode()
    run_due()
    assert told(incident, EventKind.TAKEN_OFF) == [
        "Taken off the status page: it is a part of an incident that is not for everybody."
    ]


def test_a_part_of_a_part_of_a_private_one_leaves_the_page_too(clock, client, team, commander):
    part, middle, private = declare(team), declare(team), declare(team, commander, private=True)
    publish(part, commander, name="Canary")
    incidents.merge(part.pk, into=middle.pk, by=commander)
    run_due()
    assert "Canary" in client.get("/status/").content.decode()
    incidents.merge(middle.pk, into=private.pk, by=commander)
    assert "Canary" not in client.get("/status/").content.decode()
    run_due()
    assert told(part, EventKind.TAKEN_OFF) == [
        "Taken off the status page: it is a part of an incident that is not for everybody."
    ]


def test_incidents_merged_in_a_circle_end_the_search(clock, team, commander):
    first, second = declare(team), declare(team)
    publish(first, commander)
    hide(first, merged_into=second)
    hide(second, merged_into=first)
    first.refresh_from_db()
    assert queries.standing().count() == 1
    assert queries.why_hidden(first) == ""
    assert queries.with_parts(first.pk) == {first.pk, second.pk}


def test_what_was_taken_off_stays_off(clock, team, commander):
    incident = declare(team)
    publish(incident, commander)
    actions.take_off(incident.pk, reason="The wrong customer's name", by=commander)
    with pytest.raises(RuleViolation):
        publish(incident, commander)
    with pytest.raises(RuleViolation):
        actions.take_off(incident.pk, reason="Again", by=commander)


def test_the_command_publishes_shows_and_takes_off(clock, team, commander, responder, capsys, api):
    incident = declare(team)
    known = ["--name", "Slow", "--status", "identified", "--impact", "minor", "--message", "Found it."]
    for nobody in ([], ["--user", responder.email], ["--user", "nobody@example.com"]):
        with pytest.raises(CommandError):
            call_command("status_page", "publish", str(incident), *known, *nobody)
    assert not Publication.objects.exists()
    known += ["--user", commander.email]
    call_command("status_page", "publish", str(incident), *known, "--component", "api=major_outage", "--preview")
    assert not Publication.objects.exists()
    call_command("status_page", "publish", str(incident), *known, "--component", "api=major_outage")
    capsys.readouterr()
    call_command("status_page", "show")
    shown = capsys.readouterr().out
    assert "Major outage           Public API" in shown
    assert "Identified             Slow" in shown
    call_command("status_page", "take-off", str(incident), "--reason", "Mistake", "--user", commander.email)
    for kind in (EventKind.PUBLISHED, EventKind.TAKEN_OFF):
        assert incident.timeline.filter(kind=kind).values_list("actor", "via").get() == (commander.pk, Via.COMMAND)
    assert not queries.standing().exists()
    for wrong in ("nothing=major_outage", "api=broken"):
        with pytest.raises(CommandError):
            call_command("status_page", "publish", str(incident), *known, "--component", wrong)


def sent(page: str) -> dict[str, str]:
    """What the form on the page sends of what nobody sees."""
    return dict(re.findall(r'<input type="hidden" name="(after|update)" value="([^"]*)"', page))


def test_a_press_that_comes_twice_publishes_once(clock, client, team, commander):
    incident = declare(team)
    client.force_login(commander)
    path = f"/incidents/{incident}/status-page/"
    words = {"name": "Slow", "status": "investigating", "impact": "minor", "message": "We look."}
    form = {**words, **sent(client.get(path).content.decode())}
    form |= sent(client.post(path, {**form, "do": "preview"}).content.decode())
    assert client.post(path, {**form, "do": "publish"}).status_code == 302
    again = client.post(path, {**form, "do": "publish"})
    assert again.status_code == 409
    assert "Published meanwhile, investigating: “Slow”." in again.content.decode()
    assert PublicUpdate.objects.count() == 1
    form |= sent(again.content.decode())
    assert client.post(path, {**form, "do": "publish"}).status_code == 302  # who was told may


def test_of_two_who_speak_at_once_the_second_is_told_so(clock, client, team, commander):
    incident = declare(team)
    publish(incident, commander)
    client.force_login(commander)
    path = f"/incidents/{incident}/status-page/"
    form = sent(client.get(path).content.decode())
    publish(incident, commander, name="Slow", message="Another's.")
    form |= {"name": "Fast", "status": "resolved", "impact": "minor", "message": "Over."}
    assert client.post(path, {**form, "do": "preview"}).status_code == 409
    assert client.post(path, {**form, "do": "publish"}).status_code == 409
    assert PublicUpdate.objects.count() == 2


def test_by_the_api_who_says_after_what_they_wrote_is_refused_once_that_is_not_the_last(clock, team, commander):
    incident = declare(team)
    caller = by_token(commander)
    path = f"/api/v1/incidents/{incident}/status-page/"
    words = {"name": "Slow", "status": "identified", "impact": "minor", "message": "We know why."}
    assert Client().get(path, **caller).json()["last_published"] == 0
    assert Client().post(path, {**words, "after": 0}, **caller).status_code == 200
    assert Client().post(path, {**words, "after": 0}, **caller).status_code == 409
    assert Client().post(path, {**words, "after": 0, "preview": True}, **caller).status_code == 409
    last = Client().get(path, **caller).json()["last_published"]
    assert Client().post(path, {**words, "after": last}, **caller).status_code == 200
    assert PublicUpdate.objects.count() == 2


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 19, "٣"])
def test_a_number_that_is_none_names_no_update(clock, client, team, commander, number):
    client.force_login(commander)
    assert client.get(f"/incidents/{declare(team)}/status-page/?update={number}").status_code == 200


def by_token(person):
    _, secret = tokens.create_token(person, name="Laptop", scope=Scope.RESPOND)
    return {"content_type": "application/json", "headers": {"Authorization": f"Bearer {secret}"}}


def status_of(component):
    return next(each.status for each in queries.page().components if each.component == component)


def test_what_is_said_without_components_by_the_api_leaves_them_as_told_last(clock, team, commander, api):
    incident = declare(team)
    web = make_component(team, slug="web", name="Web")
    publish(incident, commander, api, web)
    Component.objects.filter(pk=web.pk).update(is_shown=False)
    caller = by_token(commander)
    path = f"/api/v1/incidents/{incident}/status-page/"
    words = {"name": "Slow", "status": "identified", "impact": "minor", "message": "We know why."}
    for components, after in (
        ({}, ComponentStatus.PARTIAL),
        ({"components": None}, ComponentStatus.PARTIAL),
        ({"components": {}}, ComponentStatus.OPERATIONAL),
    ):
        assert Client().post(path, {**words, **components}, **caller).status_code == 200
        assert status_of(api) == after


def test_what_is_said_without_components_by_the_command_leaves_them_as_told_last(clock, team, commander, api):
    incident = declare(team)
    publish(incident, commander, api)
    known = ["--user", commander.email, "--name", "Slow", "--status", "identified", "--impact", "minor"]
    call_command("status_page", "publish", str(incident), *known, "--message", "We know why.")
    assert status_of(api) == ComponentStatus.PARTIAL
    call_command("status_page", "publish", str(incident), *known, "--message", "None is.", "--no-component")
    assert status_of(api) == ComponentStatus.OPERATIONAL


def test_a_responder_without_the_right_sees_no_way_to_publish(clock, client, team, responder, commander):
    incident = declare(team)
    path = f"/incidents/{incident}/status-page/"
    client.force_login(responder)
    assert path not in client.get(f"/incidents/{incident}/").content.decode()
    assert client.get(path).status_code == 403
    client.force_login(commander)
    assert path in client.get(f"/incidents/{incident}/").content.decode()


def test_the_page_shows_what_everybody_will_read_before_they_do(clock, client, team, commander, api):
    incident = declare(team, title="Internal words")
    client.force_login(commander)
    path = f"/incidents/{incident}/status-page/"
    form = {
        "name": "Slow", "status": "investigating", "impact": "minor", "message": "We look.",
        f"component_{api.pk}": "degraded_performance",
    }  # fmt: skip
    seen = client.post(path, {**form, "do": "preview"}).content.decode()
    assert "What everybody will read" in seen
    assert "Degraded performance" in seen
    assert not Publication.objects.exists()
    assert client.post(path, {**form, "do": "publish"}).status_code == 302
    assert Publication.objects.get().name == "Slow"
    assert "Internal words" not in client.get("/status/").content.decode()
    assert client.post(path, {**form, "message": "", "do": "publish"}).status_code == 422
