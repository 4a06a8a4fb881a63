"""People who are asked to help in a running incident, and what they answer."""

from __future__ import annotations

import pytest

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.incidents import actions, queries
from apps.incidents.models import EventKind, RequestState, Via
from apps.notifications import answers
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team


@pytest.fixture
def team(db, clock):
    make_procedures()
    return make_team()


@pytest.fixture
def cora(team):
    return make_person("Cora", team, TeamRole.COMMANDER)


@pytest.fixture
def max_(team):
    """Of no team at all."""
    return make_person("Max")


@pytest.fixture
def incident(team, cora):
    return declare(team, cora, private=True)


def ask(incident, *people, by, message="You know the queue"):
    return actions.ask_responders(incident.pk, people=people, by=by, message=message)


def page_of(request) -> Notification:
    return Notification.objects.get(person=request.person, step=f"responder:{request.pk}")


def state_of(request) -> str:
    request.refresh_from_db()
    return request.state


def texts(incident, kind) -> list[str]:
    return list(incident.timeline.filter(kind=kind).values_list("text", flat=True))


def test_whom_nothing_reaches_is_not_asked_and_the_timeline_says_so(incident, cora, max_):
    unreachable = make_person("Una")
    unreachable.contact_methods.all().delete()
    with pytest.raises(Invalid, match="Nobody of Una can be reached"):
        ask(incident, unreachable, by=cora)
    assert not incident.responder_requests.exists()
    assert [request.person for request in ask(incident, unreachable, max_, by=cora)] == [max_]
    assert texts(incident, EventKind.RESPONDER_ASKED) == [
        "Cora asks Max to respond (not reached: Una): You know the queue"
    ]


def test_whoever_is_asked_is_paged_outside_the_chain_and_may_see_the_incident(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    page = page_of(request)
    assert (page.kind, page.level, page.urgency) == (NotificationKind.ROLE_PAGE, None, "high")
    assert "Cora asks you to respond: You know the queue" in page.text
    assert queries.visible_to(max_).get() == incident
    assert texts(incident, EventKind.RESPONDER_ASKED) == ["Cora asks Max to respond: You know the queue"]


def test_the_page_goes_on_when_somebody_else_acknowledges(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    actions.acknowledge(incident.pk, by=cora)
    assert page_of(request).stopped_at is None
    assert state_of(request) == RequestState.PENDING


def test_who_acknowledges_the_page_by_any_way_has_accepted_and_the_asker_is_told(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    assert answers.acknowledge(page_of(request), via=Via.SMS).done
    assert state_of(request) == RequestState.ACCEPTED
    assert page_of(request).stopped_at is not None
    incident.refresh_from_db()
    assert incident.acknowledged_by == max_
    notice = Notification.objects.get(person=cora, step=f"responder_answered:{request.pk}")
    assert ("Max responds" in notice.subject, notice.urgency) == (True, "low")
    assert texts(incident, EventKind.RESPONDER_ACCEPTED) == ["Max responds, as Cora asked."]


def test_who_accepts_by_the_button_has_acknowledged(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    assert actions.accept_request(request.pk, by=max_).state == RequestState.ACCEPTED
    assert page_of(request).acknowledged_at is not None


def test_who_declines_by_any_way_says_why_to_the_asker_and_can_be_asked_again(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    assert answers.decline(page_of(request), via=Via.SMS, reason="On holiday").done
    assert (state_of(request), request.answer) == (RequestState.DECLINED, "On holiday")
    notice = Notification.objects.get(person=cora, step=f"responder_answered:{request.pk}")
    assert "Max cannot respond: On holiday" in notice.text
    (again,) = ask(incident, max_, by=cora)
    assert (again.pk != request.pk, page_of(again).stopped_at) == (True, None)


def test_nobody_is_asked_a_second_time_before_they_declined(incident, cora, max_):
    ask(incident, max_, by=cora)
    with pytest.raises(RuleViolation, match="Max: asked before"):
        ask(incident, max_, by=cora)
    other = make_person("Eve")
    assert [request.person for request in ask(incident, max_, other, other, by=cora)] == [other]
    assert Notification.objects.filter(person=max_).count() == 1


def test_a_request_that_is_withdrawn_pages_no_more_and_shows_nothing_any_more(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    actions.withdraw_request(request.pk, by=cora)
    assert page_of(request).stopped_at is not None
    assert not queries.visible_to(max_).exists()
    with pytest.raises((NotAllowed, RuleViolation)):
        actions.accept_request(request.pk, by=max_)


def test_who_was_involved_for_another_reason_stays_so(incident, cora, max_):
    actions.assign_role(incident.pk, role="technical_lead", person=max_, by=cora)
    (request,) = ask(incident, max_, by=cora)
    actions.withdraw_request(request.pk, by=cora)
    assert queries.visible_to(max_).exists()


@pytest.mark.parametrize("end", ["resolve", "cancel"])
def test_nobody_is_waited_for_in_what_is_over(incident, cora, max_, end):
    (request,) = ask(incident, max_, by=cora)
    if end == "resolve":
        resolve(incident, cora)
    else:
        actions.cancel(incident.pk, reason="A false alarm", by=cora)
    assert state_of(request) == RequestState.WITHDRAWN
    assert page_of(request).stopped_at is not None
    with pytest.raises(RuleViolation):
        ask(incident, make_person("Eve"), by=cora)


def test_nobody_answers_for_another(incident, cora, max_):
    (request,) = ask(incident, max_, by=cora)
    ask(incident, make_person("Eve"), by=cora)
    eve = incident.responder_requests.last().person
    with pytest.raises(NotAllowed, match="Max was asked, not Eve"):
        actions.accept_request(request.pk, by=eve)
    with pytest.raises(NotAllowed, match="Max was asked, not Eve"):
        answers.answer_request(request.pk, "decline", by=eve, via=Via.WEB)
    assert state_of(request) == RequestState.PENDING
    assert not texts(incident, EventKind.PAGE_DECLINED)


def test_whom_one_cannot_ask(incident, team, cora, max_):
    with pytest.raises(Invalid, match="Say whom"):
        ask(incident, by=cora)
    with pytest.raises(Invalid, match="reads and changes nothing"):
        ask(incident, max_, make_person("Stella", team, TeamRole.STAKEHOLDER), by=cora)
    max_.is_active = False
    max_.save()
    with pytest.raises(Invalid, match="deactivated"):
        ask(incident, max_, by=cora)
    assert not incident.responder_requests.exists()


def test_an_asker_who_may_no_longer_see_it_is_told_nothing(incident, cora, max_):
    actions.involve(incident, max_, reason="paged as level 2")
    eve = make_person("Eve")
    (request,) = ask(incident, eve, by=max_)
    incident.involvements.filter(person=max_).delete()
    actions.accept_request(request.pk, by=eve)
    assert not Notification.objects.filter(person=max_, step__startswith="responder_answered").exists()
