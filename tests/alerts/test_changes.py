"""What was deployed or committed is known beside the incidents of the services that it concerns (R17)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import actions, queries
from apps.alerts.formats import FORMATS, IncomingChange, Link, Unreadable
from apps.alerts.ingest import Ingest
from apps.alerts.models import AlertSettings, Change, ChangeKind, ChangeRule, Format, InboxEntry, Integration
from apps.catalog.models import Service
from apps.core import retention
from apps.incidents import actions as incidents
from apps.incidents.models import Incident, Severity, Via
from apps.teams.models import Team, TeamRole
from tests.alerts.building import at, pushed, take_in
from tests.alerts.test_doors import ingest  # noqa: F401  (a fixture)
from tests.alerts.test_ingest import Reply, Sender
from tests.factories.teams import make_person


def only_change(sender_format: Format, body: Any, **envelope: str) -> IncomingChange:
    reading = FORMATS[sender_format].read(body, envelope)
    assert (reading.problems, reading.alerts) == ((), ())
    (change,) = reading.changes
    return change


class TestGitHub:
    def test_pushed_commits_are_one_change_with_the_last_ones_subject(self) -> None:
        change = only_change(Format.GITHUB, pushed(), event="push")
        assert (change.kind, change.summary) == (ChangeKind.COMMITS, "2 commits to main: Retry once")
        assert (change.author, change.at) == ("octocat", at("09:30"))
        assert (change.labels["repository"], change.labels["branch"]) == ("octo/website", "main")
        assert Link("Commits", "https://github.com/octo/website/compare/a...b") in change.links

    def test_deployments_and_what_became_of_them_are_changes(self) -> None:
        deployment = {
            "id": 1,
            "ref": "v7",
            "environment": "production",
            "sha": "61",
            "created_at": "2026-03-02T09:00:00Z",
        }
        begun = only_change(Format.GITHUB, pushed(deployment=deployment), event="deployment")
        assert (begun.kind, begun.summary) == (ChangeKind.DEPLOYMENT, "Deployment of v7 to production: begun")
        status = {"id": 2, "state": "success", "created_at": "2026-03-02T09:05:00Z"}
        body = pushed(deployment=deployment, deployment_status=status)
        done = only_change(Format.GITHUB, body, event="deployment_status")
        assert (done.summary, done.at) == ("Deployment of v7 to production: success", at("09:05"))
        assert done.labels["environment"] == "production"
        assert done.sender_id != begun.sender_id

    def test_a_workflow_that_ran_is_a_change(self) -> None:
        run = {
            "id": 3,
            "run_attempt": 1,
            "name": "Deploy",
            "head_branch": "main",
            "conclusion": "failure",
            "html_url": "https://github.com/octo/website/actions/runs/3",
            "updated_at": "2026-03-02T09:10:00Z",
        }
        change = only_change(Format.GITHUB, pushed(action="completed", workflow_run=run), event="workflow_run")
        assert (change.kind, change.summary) == (ChangeKind.WORKFLOW, "Deploy on main: failure")

    @pytest.mark.parametrize(
        ("event", "body"),
        [
            ("ping", {"zen": "Keep it logically awesome."}),
            ("issues", pushed()),
            ("", pushed()),
            ("push", pushed(commits=[])),
            ("push", pushed(deleted=True)),
            ("workflow_run", pushed(action="requested", workflow_run={"id": 3})),
            ("deployment_status", pushed(deployment={"id": 1}, deployment_status={"id": 2, "state": "inactive"})),
        ],
    )
    def test_what_says_nothing_of_a_change_is_kept_quietly(self, event: str, body: Any) -> None:
        reading = FORMATS[Format.GITHUB].read(body, {"event": event})
        assert (reading.changes, reading.problems) == ((), ())

    @pytest.mark.parametrize(
        ("event", "body", "why"),
        [
            ("push", [], "not an object"),
            ("push", pushed(repository={}), "'repository.full_name' is missing"),
            ("push", {"commits": 1}, "'commits' is not a list"),
            ("deployment", pushed(), "'deployment' is not an object"),
            ("workflow_run", pushed(action="completed", workflow_run={}), "An 'id' is missing"),
        ],
    )
    def test_what_lacks_what_such_events_have_is_told(self, event: str, body: Any, why: str) -> None:
        with pytest.raises(Unreadable, match=why):
            FORMATS[Format.GITHUB].read(body, {"event": event})


class TestGeneric:
    def test_a_change_is_read_with_everything_it_says(self) -> None:
        change = only_change(
            Format.CHANGES,
            {
                "id": "release-7",
                "summary": "Version 7",
                "kind": "deployment",
                "at": "2026-03-02T10:30:00+01:00",
                "author": "Rita",
                "service": "application",
                "services": ["agents"],
                "labels": {"region": "eu"},
                "links": ["https://example.com/7", "javascript:alert(1)"],
            },
        )
        assert change == IncomingChange(
            sender_id="release-7",
            summary="Version 7",
            kind=ChangeKind.DEPLOYMENT,
            author="Rita",
            services=("application", "agents"),
            labels={"region": "eu"},
            links=(Link("https://example.com/7", "https://example.com/7"),),
            at=at("09:30"),
        )

    def test_of_a_list_one_broken_change_costs_only_itself(self) -> None:
        reading = FORMATS[Format.CHANGES].read([{"summary": "One"}, {"kind": "x"}, {"summary": "Two", "kind": "x"}])
        assert [change.summary for change in reading.changes] == ["One"]
        assert reading.problems == (
            "[1]: A change needs a 'summary'.",
            "[2]: 'kind' is none of deployment, commits, workflow, other: 'x'.",
        )

    def test_more_than_a_body_may_hold_is_refused(self) -> None:
        with pytest.raises(Unreadable, match="in parts"):
            FORMATS[Format.CHANGES].read([{"summary": "x"}] * 501)


def told(integration: Integration, *changes: IncomingChange, received_at: str = "10:00") -> list[Change]:
    return list(actions.record_changes(integration, changes, received_at=at(received_at)))


def slugs(change: Change) -> set[str]:
    return {service.slug for service in change.services.all()}


@pytest.mark.django_db
@pytest.mark.usefixtures("clock", "procedures", "application", "agents")
class TestRecording:
    def test_what_is_told_again_is_the_same_change(self, integration: Integration) -> None:
        one = IncomingChange(sender_id="1", summary="One")
        assert len(told(integration, one, one)) == 1
        assert told(integration, IncomingChange(sender_id="1", summary="One, later"), received_at="10:05") == []
        assert [change.summary for change in Change.objects.all()] == ["One"]

    def test_a_change_that_is_to_come_happened_when_we_heard_of_it(self, integration: Integration) -> None:
        (change,) = told(integration, IncomingChange(sender_id="1", summary="One", at=at("11:00")))
        assert change.at == at("10:00")

    def test_it_concerns_what_it_names_or_its_rules_say_and_else_the_integrations_service(
        self, integration: Integration, application: Service, agents: Service
    ) -> None:
        ChangeRule.objects.create(integration=integration, value="Octo/Website", service=application)
        ChangeRule.objects.create(integration=integration, label="branch", value="*", service=agents)
        by_rules, by_name, unknown = told(
            integration,
            IncomingChange(sender_id="1", summary="1", labels={"repository": "octo/website", "branch": "main"}),
            IncomingChange(sender_id="2", summary="2", labels={"component": "agents"}, services=("application", "no")),
            IncomingChange(sender_id="3", summary="3", labels={"repository": "octo/other", "branch": ""}),
        )
        assert [slugs(change) for change in (by_rules, by_name, unknown)] == [
            {"application", "agents"},
            {"application", "agents"},
            {"monitoring"},
        ]

    def test_many_changes_cost_as_many_queries_as_one(
        self, integration: Integration, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(10):
            told(
                integration,
                *(
                    IncomingChange(sender_id=str(number), summary="x", services=("application", f"no-{number}"))
                    for number in range(300)
                ),
            )
        assert Change.objects.count() == 300

    def test_they_are_kept_for_a_while(self, integration: Integration, clock: Any) -> None:
        told(integration, IncomingChange(sender_id="1", summary="One"))
        (kept,) = (kept for kept in retention.kinds() if kept.kind == "changes")
        clock.shift(days=399)
        assert retention.count(kept) == 0
        clock.shift(days=2)
        assert retention.count(kept) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("procedures")
class TestBesideAnIncident:
    @pytest.fixture
    def incident(self, clock: Any, platform: Team, application: Service) -> Incident:
        return incidents.declare(
            title="Down",
            severity=Severity.objects.get(code="P1"),
            team=platform,
            by=make_person("Rita", platform, TeamRole.RESPONDER),
            services=[application],
            via=Via.WEB,
        )

    def beside(self, incident: Incident) -> list[str]:
        incident.refresh_from_db()
        return [change.summary for change in queries.changes_beside(incident)]

    def change(self, integration: Integration, summary: str, when: str, *services: str) -> None:
        told(integration, IncomingChange(sender_id=summary, summary=summary, services=services), received_at=when)

    def test_the_two_hours_before_it_and_all_that_comes_are_shown_latest_first(
        self, incident: Incident, integration: Integration, clock: Any
    ) -> None:
        for when in ("07:59", "08:00", "09:30", "12:00"):
            self.change(integration, when, when, "application")
        assert self.beside(incident) == ["12:00", "09:30", "08:00"]

    def test_how_long_before_is_data_of_the_procedures(self, incident: Incident, integration: Integration) -> None:
        self.change(integration, "One", "07:00", "application")
        assert self.beside(incident) == []
        AlertSettings.objects.update(changes_within=timedelta(hours=4))
        assert self.beside(incident) == ["One"]

    def test_what_comes_after_its_end_is_not_its_own(
        self, incident: Incident, integration: Integration, clock: Any
    ) -> None:
        clock.shift(minutes=30)
        incidents.cancel(incident.pk, reason="None", by=incident.declared_by)
        self.change(integration, "During", "10:20", "application")
        self.change(integration, "After", "10:40", "application")
        assert self.beside(incident) == ["During"]

    def test_only_what_concerns_its_services_is_shown_or_its_whole_team(
        self, incident: Incident, integration: Integration, other_integration: Integration
    ) -> None:
        integration.service = other_integration.service = None
        self.change(integration, "Of the service", "09:01", "application", "monitoring")
        self.change(integration, "Of another service", "09:02", "monitoring")
        self.change(integration, "Of the team", "09:03")
        self.change(other_integration, "Of another team", "09:04")
        self.change(other_integration, "Of the service, by another team", "09:05", "application")
        assert self.beside(incident) == ["Of the service, by another team", "Of the team", "Of the service"]
        incident.services.clear()
        assert "Of another service" in self.beside(incident)
        assert "Of another team" not in self.beside(incident)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("procedures", "application")
class TestASignedWebhook:
    SECRET = "It is a secret to everybody"

    def send(self, ingest: Ingest, key: str, body: Any, signature: str | None, event: str = "push") -> Reply:  # noqa: F811
        environ = {"HTTP_X_GITHUB_EVENT": event} | ({"HTTP_X_HUB_SIGNATURE_256": signature} if signature else {})
        return Sender(ingest, key).post(body, path=f"/ingest/github/{key}/", **environ)

    def signed(self, body: bytes) -> str:
        return "sha256=" + hmac.new(self.SECRET.encode(), body, hashlib.sha256).hexdigest()

    @pytest.fixture
    def key(self, platform: Team, application: Service) -> str:
        _, key = actions.create_integration(
            team=platform, name="GitHub", sender_format=Format.GITHUB, service=application, secret=self.SECRET, by=None
        )
        return key

    def test_what_is_signed_with_the_secret_is_taken_in(self, ingest: Ingest, key: str) -> None:  # noqa: F811
        body = json.dumps(pushed()).encode()
        reply = self.send(ingest, key, body, self.signed(body))
        assert (reply.status, reply.json) == (202, {"accepted": 1})
        take_in()
        change = Change.objects.get()
        assert (change.summary, slugs(change)) == ("2 commits to main: Retry once", {"application"})

    @pytest.mark.parametrize("signature", [None, "", "sha256=", "sha1=00", "sha256=" + "0" * 64, "\u00ff", "x" * 5000])
    def test_whatever_else_is_refused(self, ingest: Ingest, key: str, signature: str | None) -> None:  # noqa: F811
        assert self.send(ingest, key, json.dumps(pushed()).encode(), signature).status == 401
        assert not InboxEntry.objects.exists()

    def test_a_signature_of_another_body_is_refused(self, ingest: Ingest, key: str) -> None:  # noqa: F811
        assert self.send(ingest, key, b'{"a": 1}', self.signed(b'{"a": 2}')).status == 401

    def test_without_a_secret_the_key_in_the_address_is_enough(self, ingest: Ingest, platform: Team) -> None:  # noqa: F811
        _, key = actions.create_integration(team=platform, name="Open", sender_format=Format.GITHUB, by=None)
        assert self.send(ingest, key, json.dumps(pushed()).encode(), None, event="ping").status == 202
        take_in()
        assert not Change.objects.exists()
        assert InboxEntry.objects.get().problem == ""
