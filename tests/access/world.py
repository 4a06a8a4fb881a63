"""One organisation with everything in it twice: the team of those who knock, and the team beside it.

Whatever belongs to the other team is called zebra, whatever belongs to a private incident quokka (the other team's:
axolotl), the team below theirs gecko, so that an answer that tells of them can be told by its words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from allauth.socialaccount.models import SocialAccount
from axes.models import AccessAttempt, AccessFailureLog, AccessLog

from apps.alerts import actions as alerts
from apps.alerts.formats import IncomingChange
from apps.alerts.models import Alert, AlertSettings, AlertStatus, ChangeRule, Format, InboxEntry, SeverityRule
from apps.audit.models import SavedView
from apps.catalog import actions as catalog
from apps.catalog.models import HealthCheck, HealthResult, Service
from apps.communications import actions as communications
from apps.communications.models import Audience, Subscriber
from apps.communications.status_page import social
from apps.contacts import actions as contacts
from apps.contacts.models import ContactGroup, ContactMethod, MethodKind
from apps.core import clock
from apps.engine.models import Breaker, Lane, State, Timer
from apps.identity import invitations
from apps.identity.models import ProviderGroup
from apps.incidents import actions as incidents
from apps.incidents.models import Expert, Incident, Severity
from apps.integrations.models import Connection, Step
from apps.notifications import actions as notifications
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionKind
from apps.reports import actions as reports
from apps.rosters import actions as rosters
from apps.rosters.models import FeedKind
from apps.teams import actions as teams
from apps.teams.access import Holder
from apps.teams.models import Team, TeamRole, User
from tests.factories.checklists import make_checklist
from tests.factories.communications import make_schedules, make_templates
from tests.factories.contacts import make_external_contacts
from tests.factories.escalation import make_chain, make_trigger
from tests.factories.identity import make_group
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.postmortems import make_questions
from tests.factories.rosters import calendar_layer, put_on_call
from tests.factories.status_page import make_component, publish
from tests.factories.teams import make_person, make_team

OWN, OTHER, BELOW, PRIVATE, OTHERS_PRIVATE = "own", "other", "below", "private", "private of others"
#: What nobody reads who may not see what is called so.
WORD_OF = {OTHER: "zebra", BELOW: "gecko", PRIVATE: "quokka", OTHERS_PRIVATE: "axolotl"}
#: Held for the whole organisation.
EVERYWHERE = (Holder.ADMIN, Holder.AUDITOR)


@dataclass
class World:
    """Who knocks, and what there is: ``things`` are ids by place and kind, ``mine`` those of one person each."""

    people: dict[Holder, User] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    mine: dict[Holder, dict[str, Any]] = field(default_factory=dict)


def build() -> World:
    """All of it, by the product's own actions where there are any."""
    _make_policy()
    world = World()
    own, other = make_team("platform"), make_team("zebra")
    for holder in (each for each in Holder if each is not Holder.INTEGRATION):
        role = None if holder is Holder.REPORTER else TeamRole(holder)
        person = make_person(holder.title(), None if holder in EVERYWHERE else own, role)
        person.is_staff = True
        person.save()
        world.people[holder] = person
    root = User.objects.create_superuser("root@example.com", name="Root")
    _make_organisation(root)
    crew = [make_person(name, own, TeamRole.COMMANDER) for name in ("Olga", "Paul")]
    below = teams.create_team(by=root, slug="gecko", name="Gecko", parent=own)
    keepers = [make_person(name, below, TeamRole.COMMANDER) for name in ("Gina", "Greg")]
    strangers = [make_person(name, other, TeamRole.COMMANDER) for name in ("Zoe", "Yuri")]
    world.things[OWN] = _of_team(own, crew, name="Platform", root=root)
    world.things[OWN]["provider group"] = ProviderGroup.objects.get().pk
    world.things[OTHER] = _of_team(other, strangers, name="Zebra", root=root)
    world.things[BELOW] = _of_team(below, keepers, name="Gecko", root=root)
    for place, beside, team, people in ((PRIVATE, OWN, own, crew), (OTHERS_PRIVATE, OTHER, other, strangers)):
        name = WORD_OF[place].title()
        found = world.things[place] = _of_incident(team, people, name=name, private=True)
        found["alert"] = _alert_of(found["incident"], world.things[beside]["integration"], name=name)
    for holder, person in world.people.items():
        world.mine[holder] = _of_person(person, root)
    world.things[OTHER] |= _of_person(strangers[0], root)
    return world


def _make_policy() -> None:
    make_procedures()
    make_checklist()
    make_schedules()
    make_templates()
    make_questions()
    make_external_contacts()
    make_trigger("security", level=2)


def _make_organisation(root: User) -> None:
    """What belongs to no team."""
    AlertSettings.objects.create(pk=1)
    make_component(Team.objects.get(slug="platform"))
    Subscriber.objects.create(address="reader@example.com")
    SocialAccount.objects.create(user=root, provider="entra", uid="7")
    make_chain("P0", [root], minutes=(0,))
    make_chain("P1", [root], minutes=(0,))
    known = {"username": root.email, "ip_address": "192.0.2.1", "path_info": "/login/"}
    AccessAttempt.objects.create(**known, failures_since_start=1)
    for model in (AccessLog, AccessFailureLog):
        model.objects.create(**known)
    contacts.upsert_endpoint(slug="hook", name="Hook", url="https://hook.example.com/")
    contacts.upsert_emergency_contact(group=ContactGroup.EMERGENCY, key="cto", name="Chief", phone="+1 555 1")
    make_group("crew", (None, TeamRole.AUDITOR))
    Expert.objects.create(key="data", field="Data", title="Data engineer", person=root)
    SeverityRule.objects.create(
        position=0, labels=["severity"], values=["critical"], severity=Severity.objects.get(code="P0")
    )
    now = clock.now()
    Timer.objects.create(kind="clean", lane=Lane.BULK, due_at=now, key="dead", state=State.DEAD, finished_at=now)
    Breaker.objects.create(provider="smtp")


def _of_team(team: Team, people: list[User], *, name: str, root: User) -> dict[str, Any]:
    """One of each kind of what belongs to a team, and an incident of it that is not private."""
    first, second = people
    now = clock.now()
    service = Service.objects.create(slug=team.slug, name=f"{name} service", team=team, description=f"{name} text")
    roster = put_on_call(team, first)
    roster.name = f"{name} roster"
    roster.save()
    layer = calendar_layer(roster, name=f"{name} calendar")
    in_a_week = now + timedelta(days=7)
    override = rosters.add_override(
        roster, person=second, start=in_a_week, end=in_a_week + timedelta(hours=2), reason=f"{name} reason", by=root
    )
    swap = rosters.ask_for_swap(
        roster, by=first, start=now + timedelta(days=2), end=now + timedelta(days=3), asked_of=second,
        reason=f"{name} swap",
    )  # fmt: skip
    absence = rosters.add_absence(
        second, start=now + timedelta(days=20), end=now + timedelta(days=21), reason=f"{name} leave", by=second,
        kind="leave",
    )  # fmt: skip
    shadow = rosters.add_shadow(
        roster, person=second, of=None, start=now + timedelta(days=1), end=now + timedelta(days=2), by=root
    )
    rosters.write_handover_note(roster, f"{name} handover", by=first)
    policy = make_chain("P0", [first], minutes=(0,), team=team)
    integration, key = alerts.create_integration(
        team=team, name=f"{name} sender", sender_format=Format.GENERIC, by=root, service=service
    )
    heartbeat, _ = alerts.create_heartbeat(team=team, name=f"{name} beat", every=timedelta(hours=1), by=root)
    rule = ChangeRule.objects.create(integration=integration, value=f"octo/{name}", service=service)
    change = alerts.record_changes(
        integration, [IncomingChange(sender_id="1", summary=f"{name} change")], received_at=now
    )[0]
    window = catalog.plan_maintenance(
        by=first,
        services=[service],
        message=f"{name} work",
        starts_at=in_a_week,
        ends_at=in_a_week + timedelta(hours=1),
    )
    check = HealthCheck.objects.create(
        service=service, name=f"{name} check", kind="http", target=f"https://{team.slug}.example.com"
    )
    seen = HealthResult.objects.create(check_of=check, at=now, outcome="bad", took=timedelta(0), words=f"{name} seen")
    report = reports.report(title=f"{name} report", text=f"{name} words", service=service, by=root)
    entry = InboxEntry.objects.create(integration=integration, body=f'{{"title": "{name} body"}}'.encode())
    invitation = invitations.invite(f"{name}.guest@example.com", role=TeamRole.RESPONDER, teams=[team], by=root)
    connection = Connection.objects.create(
        provider="zoom",
        team=team,
        told={"account_id": "a", "client_id": "c", "host": "me"},
        secrets={"client_secret": "s"},
    )
    found = _of_incident(team, people, name=name, services=[service])
    shift = roster.shifts.order_by("during").first()
    robot = teams.create_service_account(name=f"{name} robot", team=team, role=TeamRole.RESPONDER, by=root)
    token, _ = teams.create_token(robot, name=f"{name} deploys")
    return {
        **found, "robot": robot.pk, "robot_token": token.pk, "team": team, "service": service,
        "roster": roster, "layer": layer.pk, "override": override.pk,
        "swap": swap.pk, "absence": absence.pk, "shadow": shadow.pk, "policy": policy.pk, "key": key,
        "integration": integration.pk, "heartbeat": heartbeat.pk, "change": change.pk, "report": report.pk,
        "changerule": rule.pk, "window": window.pk, "inboxentry": entry.pk, "check": check.pk, "result": seen.pk,
        "invitation": invitation.pk, "connection": connection.pk,
        "alert": _alert_of(found["incident"], integration.pk, name=name), "shift": shift.pk,
    }  # fmt: skip


def _alert_of(incident: int, integration: int, *, name: str) -> int:
    """The id of an alert that fires and belongs to the incident."""
    now, about = clock.now(), Incident.objects.get(pk=incident)
    return Alert.objects.create(
        integration_id=integration, fingerprint=f"{name}-1", status=AlertStatus.FIRING, title=f"{name} alert",
        severity=about.severity, team=about.team, incident=about, starts_at=now, first_received_at=now,
        last_received_at=now,
    ).pk  # fmt: skip


def _of_incident(team: Team, people: list[User], *, name: str, private: bool = False, **known: Any) -> dict[str, Any]:
    """An incident with all that hangs on it, and a resolved one with its review."""
    first, second = people
    found = declare(team, first, title=f"{name} is down", summary=f"{name} summary", private=private, **known)
    grant = None
    if private:
        grant = incidents.give_access(found.pk, person=make_person(f"Guest{found.pk}"), reason=f"{name} case", by=first)
    asked = incidents.ask_responders(found.pk, people=[second], by=first, message=f"{name} help")[0]
    step = Step.objects.create(
        incident=found, kind="page", connection=Connection.objects.get(team=team), state="failed",
        error=f"{name} key was refused", label=f"{name} alert",
    )  # fmt: skip
    incidents.add_note(found.pk, text=f"{name} note", by=first)
    communications.send_update(found.pk, audience=Audience.INTERNAL, message=f"{name} update", by=first)
    incidents.assess_impact(found.pk, by=first, users_affected=3)
    publication = None if private else publish(found, first)
    post = None if private else social.propose(found.pk, text=f"{name} is looked into", by=first)
    over = declare(team, first, title=f"{name} was down", private=private)
    resolve(over, first)
    review = postmortems.open_review(over.pk, by=first)
    item = postmortems.add_action_item(
        over.pk, kind=ActionKind.TECHNICAL, action=f"{name} action", due_date=date(2026, 3, 20), by=first, owner=first
    )
    improvement = postmortems.record_improvement(
        over.pk, kind="runbook", title=f"{name} runbook", url="https://docs.example.com/", by=first
    )
    return {
        "improvement": improvement.pk, "post": post.pk if post else None,
        "incident": found.pk, "checklist": found.checklist.get(part="initial").pk, "request": asked.pk,
        "resolved": over.pk, "postmortem": review.pk, "actionitem": item.pk, "responder": second,
        "grant": grant.pk if grant else None, "step": step.pk,
        "publication": publication.code if publication else None,
    }  # fmt: skip


def _of_person(person: User, root: User) -> dict[str, Any]:
    """One of each kind of what is one person's own."""
    now = clock.now()
    page = notifications.page_by_hand([person], to=str(person), text="Call me", by=root)
    feed, token = rosters.make_feed(FeedKind.PERSON, by=person)
    method = ContactMethod.objects.create(person=person, kind=MethodKind.EMAIL, value=f"second-{person.email}")
    absence = rosters.add_absence(
        person, start=now + timedelta(days=40), end=now + timedelta(days=41), by=person, kind="leave"
    )
    return {
        "direct": page.pk, "page": page.notifications.get().pk, "feed": feed.pk, "token": token, "method": method.pk,
        "view": SavedView.objects.create(person=person, name="Mine").pk,
        "leave": absence.pk, "oneself": person,
        "apitoken": teams.create_token(person, name="laptop")[0].pk,
    }  # fmt: skip
