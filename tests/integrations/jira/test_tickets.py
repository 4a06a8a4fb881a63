"""An incident as a ticket: what Jira is told, what is read there, and what of it must never be told twice."""

from __future__ import annotations

import json

import pytest

from apps.core import http
from apps.core.errors import OutcomeUnknown, ProviderError, Unreachable
from apps.incidents.models import EventKind
from apps.integrations.jira import tool
from apps.integrations.jira.marked import label_of
from apps.integrations.tools import Made
from tests.integrations.briefs import brief, news
from tests.integrations.jira.conftest import TOLD
from tests.integrations.provider import Answer, Provider, nobody_there


def opened(site: str, **told: str):
    return tool.opened({**TOLD, "site": site, **told})


def test_a_ticket_tells_the_incident_and_leads_back(ticket, jira):
    made = ticket.make(brief(), key="step-1")
    assert (made.label, made.url) == ("OPS-1", f"{jira.site}/browse/OPS-1")
    (there,) = jira.tickets()
    fields = there["fields"]
    assert there["id"] == made.ref
    assert (fields["summary"], fields["priority"]["name"]) == ("[P0] INC-1: Disks full", "Highest")
    assert (fields["issuetype"]["name"], fields["labels"]) == ("[System] Incident", [label_of(brief().mark)])
    (link,) = jira.get("issue/OPS-1/remotelink")
    assert link["object"] == {"url": brief().url, "title": "INC-1"}
    (row,) = jira.sandbox.rows
    assert (row.channel, row.to, row.incident, row.links) == ("ticket", "OPS", "INC-1", [brief().url])
    assert row.text.startswith("All of them.\nSince ten.\nSeverity: P0\nImpact: Everybody waits\nTeam: Platform")
    assert "Services: Agents, Pipeline\nCommander: Olga\nDeclared: 2026-03-02 10:00 UTC" in row.text


def test_a_summary_is_one_line_that_jira_takes(ticket, jira):
    ticket.make(brief(title="Disks\nfull " + "x" * 300), key="step-1")
    (there,) = jira.tickets()
    assert there["fields"]["summary"].startswith("[P0] INC-1: Disks full xxx")
    assert len(there["fields"]["summary"]) == 255


def test_a_severity_without_a_priority_sets_none(ticket, jira):
    ticket.make(brief(severity="P3"), key="step-1")
    assert jira.tickets()[0]["fields"]["priority"]["name"] == "Medium"


def test_a_ticket_is_found_by_its_own_mark_alone(ticket, jira):
    assert ticket.find(brief(1)) is None
    made = ticket.make(brief(1), key="step-1")
    ticket.make(brief(11), key="step-2")
    assert ticket.find(brief(1)) == made
    assert ticket.find(brief(2)) is None
    assert len(jira.get("issue/OPS-1/remotelink")) == 1


def test_a_ticket_is_found_that_jiras_search_does_not_know_yet(provider):
    def answer(request):
        if request.path == "/rest/api/3/search/jql" and "labels" in request.json["jql"]:
            return Answer.of({"issues": []})
        if request.path == "/rest/api/3/search/jql":
            return Answer.of({"issues": [{"id": "7", "key": "OPS-70"}]})
        if request.path == "/rest/api/3/issue/bulkfetch":
            assert len(request.json["issueIdsOrKeys"]) == 100
            known = [{"id": "9", "key": "OPS-72", "fields": {"labels": ["other", label_of(brief().mark)]}}]
            known.insert(0, {"id": "8", "key": "OPS-71", "fields": {"labels": ["other"]}})
            return Answer.of({"issues": [each for each in known if each["key"] in request.json["issueIdsOrKeys"]]})
        return Answer.of({"id": 1}, 201)

    provider.answer = answer
    with opened(provider.url) as ticket:
        assert ticket.find(brief()) == Made(ref="9", label="OPS-72", url=f"{provider.url}/browse/OPS-72")
        assert ticket.find(brief(2)) is None


@pytest.mark.parametrize(
    ("happened", "status"),
    [
        (news(EventKind.ACKNOWLEDGED), "Work in progress"),
        (news(EventKind.STATUS_CHANGED, status="identified"), "Work in progress"),
        (news(EventKind.RESOLVED), "Completed"),
        (news(EventKind.NOTE), "Open"),
        (news(EventKind.UPDATE_SENT), "Open"),
        (news(EventKind.SEVERITY_CHANGED), "Open"),
    ],
)
def test_what_happens_is_said_once_and_moves_the_ticket(ticket, jira, happened, status):
    made = ticket.make(brief(), key="step-1")
    for _ in range(2):
        ticket.follow(made, brief(), happened)
    assert (jira.status(), jira.said()) == (status, ["It happened.\nINC-1"])


def test_a_ticket_that_is_done_is_taken_up_again(ticket, jira):
    made = ticket.make(brief(), key="step-1")
    ticket.follow(made, brief(), news(EventKind.RESOLVED, key="event-12"))
    ticket.follow(made, brief(), news(EventKind.REOPENED, key="event-1"))
    assert (jira.status(), len(jira.said())) == ("Work in progress", 2)


def test_a_severity_and_a_title_are_changed_there(ticket, jira):
    made = ticket.make(brief(), key="step-1")
    ticket.follow(made, brief(severity="P1"), news(EventKind.SEVERITY_CHANGED))
    ticket.follow(made, brief(severity="P1", title="Disks slow"), news(EventKind.DESCRIBED, key="event-2"))
    fields = jira.tickets()[0]["fields"]
    assert (fields["summary"], fields["priority"]["name"]) == ("[P1] INC-1: Disks slow", "High")


def test_comments_are_for_those_who_work_there(ticket, jira):
    made = ticket.make(brief(), key="step-1")
    ticket.follow(made, brief(), news(EventKind.NOTE))
    (comment,) = jira.get("issue/OPS-1/comment")["comments"]
    assert comment["jsdPublic"] is False


def test_of_a_private_incident_nobody_there_reads_its_words(ticket, jira):
    private = brief(private=True, title="Private incident", summary="", services=())
    made = ticket.make(private, key="step-1")
    ticket.follow(made, private, news(EventKind.NOTE, "Payroll leaked", key="event-1"))
    ticket.follow(made, private, news(EventKind.UPDATE_SENT, "Payroll leaked", key="event-2"))
    ticket.follow(made, private, news(EventKind.RESOLVED, "Resolved. Payroll is safe", key="event-3"))
    assert (jira.status(), jira.said()) == ("Completed", ["Resolved\nINC-1"])
    assert "Payroll" not in json.dumps(jira.tickets())


@pytest.mark.parametrize(
    ("status", "stands"), [("closed", "Completed"), ("resolved", "Completed"), ("cancelled", "Canceled")]
)
def test_it_ends_once_and_stays_where_tickets_are_done(ticket, jira, status, stands):
    made = ticket.make(brief(), key="step-1")
    over = brief(status=status, status_label=status.title())
    for _ in range(2):
        ticket.end(made, over)
    assert (jira.status(), jira.said()) == (stands, [f"INC-1 is {status}.\nINC-1"])


def test_a_ticket_that_somebody_deleted_is_ended_and_hears_nothing_more(ticket):
    gone = Made(ref="4711", label="OPS-4711")
    ticket.end(gone, brief(status="closed", status_label="Closed"))
    with pytest.raises(http.Refused, match="Issue does not exist") as refused:
        ticket.follow(gone, brief(), news(EventKind.NOTE))
    assert refused.value.permanent


def test_where_no_links_may_be_made_the_ticket_is_there_all_the_same(provider):
    def answer(request):
        if request.path.endswith("/remotelink"):
            return Answer.of({"errorMessages": ["You do not have permission to link issues."]}, 403)
        return Answer.of({"id": "9", "key": "OPS-9"}, 201)

    provider.answer = answer
    with opened(provider.url) as ticket:
        assert ticket.make(brief(), key="step-1").label == "OPS-9"


def test_a_link_that_fails_for_now_is_made_later(provider):
    provider.answer = lambda request: (
        Answer(503) if request.path.endswith("/remotelink") else Answer.of({"id": "9", "key": "OPS-9"}, 201)
    )
    with opened(provider.url) as ticket, pytest.raises(http.Refused, match="503"):
        ticket.make(brief(), key="step-1")


def test_a_connection_says_who_we_are_there(ticket):
    assert ticket.check() == "ADO Incidents makes a [System] Incident in Operations."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"token": "secret"}, "Client must be authenticated"),
        ({"project": "HR"}, "No project could be found with key 'HR'"),
        ({"issue_type": "Bug"}, r"Operations has no Bug, but \[System\] Incident, Task"),
        ({"project": "OPS/../x"}, "is no key of a project"),
        ({"priorities": "P0"}, "told as P0=Highest"),
    ],
)
def test_a_connection_that_cannot_work_says_why(jira, told, words):
    with pytest.raises(ProviderError, match=words) as refused, opened(jira.site, **told) as ticket:
        ticket.check()
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("answer", "error", "permanent", "again"),
    [
        (Answer.of({"errors": {"summary": "No."}}, 400), http.Refused, True, None),
        (Answer.of({}, 403), http.Refused, True, None),
        (Answer.of({}, 429, Retry_After="7"), http.Refused, False, 7),
        (Answer(502, b"Bad gateway"), http.Refused, False, None),
        (Answer(200, b"<html>It works!</html>"), OutcomeUnknown, False, None),
        (Answer.of([1]), OutcomeUnknown, False, None),
        (Answer.of({"key": "OPS-1"}, 201), OutcomeUnknown, False, None),
        (Answer.of({"key": "OPS-1", "id": None}, 201), OutcomeUnknown, False, None),
    ],
)
def test_what_jira_answers_instead_is_told_as_what_it_is(provider, answer, error, permanent, again):
    provider.answer = lambda _: answer
    with opened(provider.url) as ticket, pytest.raises(error) as raised:
        ticket.make(brief(), key="step-1")
    assert (raised.value.permanent, raised.value.retry_after) == (permanent, again)


@pytest.mark.parametrize("answer", [{"issues": None}, {"issues": [{}]}, {"issues": [7]}, {}])
def test_a_search_that_answers_nonsense_never_means_that_there_is_none(provider, answer):
    provider.answer = lambda _: Answer.of(answer)
    with opened(provider.url) as ticket, pytest.raises(OutcomeUnknown):
        ticket.find(brief())


@pytest.mark.parametrize("fault", ["hang", "close"])
def test_of_a_ticket_whose_answer_is_lost_nobody_knows(provider, monkeypatch, fault):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    provider.fault = fault
    with opened(provider.url) as ticket, pytest.raises(OutcomeUnknown):
        ticket.make(brief(), key="step-1")


def test_where_nobody_answers_nothing_was_made(settings):
    settings.OUTBOUND_PRIVATE = "allowed"
    with opened(nobody_there()) as ticket, pytest.raises(Unreachable):
        ticket.make(brief(), key="step-1")


def test_no_address_of_the_houses_own_network_is_asked(settings):
    settings.OUTBOUND_PRIVATE = "refused"
    with Provider(lambda _: Answer.of({})) as inside:
        with opened(inside.url) as ticket, pytest.raises(ProviderError) as refused:
            ticket.check()
        assert refused.value.permanent
        assert inside.received == []
