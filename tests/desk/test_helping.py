"""The people around a running incident, on its page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.contacts.models import WebhookEndpoint
from apps.engine.runner import run_due
from apps.escalation.models import Policy
from apps.incidents import actions
from apps.incidents.models import EventKind, RequestState
from apps.notifications.models import Notification
from apps.teams.models import TeamRole
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person


@pytest.fixture
def post(incident, rita):
    """Post to an address below the incident as Rita and return the page that follows."""
    run_due()

    def posted(address, client=rita, **fields):
        answer = client.post(f"{incident.get_absolute_url()}{address}/", fields, follow=True)
        incident.refresh_from_db()
        return answer.content.decode()

    return posted


def page(incident, client) -> str:
    return client.get(incident.get_absolute_url()).content.decode()


def agreed(*people) -> str:
    return ",".join(str(person.pk) for person in people)


def test_whoever_stands_there_by_now_is_named_before_they_are_woken(incident, house, rita, post):
    put_on_call(house.platform, house.ella)
    text = post("responders", team=house.platform.pk, confirmed=agreed(house.cora))
    assert "Meanwhile somebody else stands there." in text
    assert "Ella" in text
    post("reassign", people=[house.ella.pk], reason="She knows it", confirmed=agreed(house.cora))
    post("escalate-now", confirmed=agreed(house.ella))
    assert not incident.responder_requests.exists()
    assert not incident.timeline.filter(kind__in=(EventKind.REASSIGNED, EventKind.ESCALATED)).exists()


def test_whoever_is_asked_for_help_is_named_before_anybody_is_woken(incident, house, rita, post):
    put_on_call(house.platform, house.ella)
    text = post("responders", people=[house.cora.pk], team=house.platform.pk, message="You know it")
    assert "2 people will be paged at once" in text
    assert "Ella" in text
    assert not incident.responder_requests.exists()
    text = post(
        "responders",
        people=[house.cora.pk],
        team=house.platform.pk,
        message="You know it",
        confirmed=agreed(house.cora, house.ella),
    )
    assert [request.person for request in incident.responder_requests.all()] == [house.cora, house.ella]
    assert "Ask for help" in text


def test_only_what_one_may_see_is_offered_and_taken(incident, house, rita, post):
    theirs = make_chain("P2", [house.ella], minutes=(0,), team=house.ai)
    put_on_call(house.ai, house.ella)
    WebhookEndpoint.objects.create(slug="bot", name="Bot", url="https://bot.example/hook", person=house.stella)
    make_person("Sue", house.platform, TeamRole.STAKEHOLDER)
    for address in ("responders", "reassign"):
        offered = rita.get(f"{incident.get_absolute_url()}{address}/").content.decode()
        assert ">Cora<" in offered
        assert ">Ai<" not in offered
        assert str(theirs) not in offered
        assert ">Stella<" not in offered
        assert ">Sue<" not in offered
    post("responders", team=house.ai.pk, confirmed="yes")
    post("reassign", policy=theirs.pk, reason="Theirs", confirmed="yes")
    post("reassign", people=[house.stella.pk], reason="Its", confirmed="yes")
    assert not incident.responder_requests.exists()
    assert not incident.timeline.filter(kind=EventKind.REASSIGNED).exists()


def test_handing_it_to_another_chain_says_which_levels_are_given_up(incident, house, post):
    lower = make_chain("P3", [house.rita], minutes=(0,), team=house.platform)
    text = post("reassign", policy=lower.pk, reason="Not so bad")
    assert "given up for it" in text
    assert "L2 Level 2, L3 Level 3" in text
    assert "given up" not in post("reassign", people=[house.cora.pk], reason="Hers")


def test_choosing_nobody_is_said_on_the_form(incident, rita, post):
    assert "Choose whom to ask." in post("responders", message="Help")
    assert "Choose people, or one chain." in post("reassign", reason="Why")


def test_whom_nothing_reaches_is_said_before(incident, house, post):
    house.ella.contact_methods.all().delete()
    text = post("responders", people=[house.ella.pk])
    assert "Cannot be reached" in text
    assert "Nobody would be woken" in text


def test_whoever_is_asked_accepts_by_one_press(incident, house, signed_in, post):
    actions.ask_responders(incident.pk, people=[house.ella], by=house.rita, message="You know it")
    ella, request = signed_in(house.ella), incident.responder_requests.get()
    assert 'value="accept"' in page(incident, ella)
    text = post(f"responders/{request.pk}", ella, answer="accept")
    request.refresh_from_db()
    assert (request.state, incident.acknowledged_by) == (RequestState.ACCEPTED, house.ella)
    assert 'value="accept"' not in text


def test_a_request_is_withdrawn_by_who_responds(incident, house, rita, post):
    actions.ask_responders(incident.pk, people=[house.ella], by=house.cora)
    post(f"responders/{incident.responder_requests.get().pk}", answer="withdraw")
    assert incident.responder_requests.get().state == RequestState.WITHDRAWN


def test_who_was_paged_declines_with_a_reason(incident, house, rita, post):
    assert "You were paged: acknowledge above, or say that you cannot." in page(incident, rita)
    text = post("decline", reason="On a train")
    assert "Rita cannot take it on: On a train" in text
    assert "can you take it on?" not in text
    assert Notification.objects.filter(incident=incident, level=2, person=house.cora).exists()


def test_who_was_paged_escalates_by_one_press_that_names_who_is_woken(incident, house, rita, post):
    text = page(incident, rita)
    assert 'data-confirm="Wake Cora (level 2) now?"' in text
    assert "Escalating wakes level 2, Level 2: Cora." in " ".join(text.split())
    asked = post("escalate-now")
    assert "1 person will be paged at once" in asked
    assert "Cora" in asked.split("will be paged at once")[1]
    assert not incident.timeline.filter(kind=EventKind.ESCALATED).exists()
    post("escalate-now", confirmed=agreed(house.cora))
    event = incident.timeline.get(kind=EventKind.ESCALATED)
    assert event.text == "Rita escalates to level 2, Level 2: Asked for by Rita, who was paged"


def test_who_was_not_paged_does_not_escalate_as_if_they_had_been(incident, cora, post):
    text = post("escalate-now", cora, confirmed="yes")
    assert "Cora was not paged for" in text
    assert "Cora was not paged for" in post("escalate-now", cora)
    assert not incident.timeline.filter(kind=EventKind.ESCALATED).exists()


def test_who_was_not_paged_is_asked_nothing(incident, cora):
    assert "You were paged" not in page(incident, cora)
    assert "escalate-now/" not in page(incident, cora)


def test_a_reassignment_names_who_is_woken_and_then_wakes_them(incident, house, rita, post):
    text = post("reassign", people=[house.ella.pk], reason="She knows it")
    assert "1 person will be paged at once" in text
    assert not incident.timeline.filter(kind=EventKind.REASSIGNED).exists()
    post("reassign", people=[house.ella.pk], reason="She knows it", confirmed=agreed(house.ella))
    assert Notification.objects.filter(person=house.ella, step__startswith="reassigned:").exists()


def test_another_chain_names_whom_its_first_level_wakes(incident, house, post):
    policy = Policy.objects.get(severity__code="P1")
    text = post("reassign", policy=policy.pk, reason="From the start")
    assert "1 person will be paged at once" in text
    assert "Rita" in text
    post("reassign", policy=policy.pk, reason="From the start", confirmed=agreed(house.rita))
    assert incident.escalation_runs.last().policy == policy


def test_anybody_who_sees_it_watches_and_stops(incident, house, signed_in, post):
    stella = signed_in(house.stella)
    assert "Stop watching" in post("watch", stella, watch="on")
    assert "Stop watching" not in post("watch", stella)


def test_a_commander_lets_others_watch_who_may_see_it(incident, house, cora, post):
    options = page(incident, cora).split('id="watcher"')[1].split("</select>")[0]
    assert f'value="{house.stella.pk}"' in options
    assert f'value="{house.ella.pk}"' not in options
    told = post("watch", cora, watch="on", person=house.stella.pk).split("part-watchers")[1]
    assert "Stella" in told.split("<select")[0]
    assert [watcher.person for watcher in incident.watchers.all()] == [house.stella]
    post("watch", cora, person=house.stella.pk)
    assert not incident.watchers.exists()


def test_a_private_incident_is_not_there_for_a_stranger(house, signed_in):
    private = declare(house.platform, house.rita, private=True)
    stranger = signed_in(house.stella)
    for address in ("watch", "responders", "reassign", "decline", "escalate-now", "responders/1"):
        assert stranger.post(f"{private.get_absolute_url()}{address}/").status_code == 404


def test_who_only_reads_gets_no_form_to_wake_anybody(incident, house, signed_in):
    stella = signed_in(house.stella)
    for address in ("responders", "reassign"):
        answer = stella.get(f"{incident.get_absolute_url()}{address}/")
        assert (answer.status_code, answer["Location"]) == (302, incident.get_absolute_url())
    assert "Ask for help" not in page(incident, stella)


def test_the_page_costs_the_same_however_many_are_around(incident, house, cora):
    def cost() -> int:
        page(incident, cora)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(incident, cora)
        return len(queries)

    def add(number: int) -> None:
        person = make_person(f"P{number}", house.platform, TeamRole.RESPONDER)
        actions.watch(incident.pk, by=person)
        actions.ask_responders(incident.pk, people=[person], by=house.cora)

    add(0)
    before = cost()
    for number in range(1, 8):
        add(number)
    assert cost() == before
