"""Who may do what to an incident: every action of a person, as a table. Who may not is refused and changes nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import transaction

from apps.catalog.models import HealthCheck, Service
from apps.core.errors import NotAllowed, RuleViolation
from apps.escalation import actions as escalation
from apps.escalation.models import Run, RunLevel
from apps.incidents import actions
from apps.incidents.models import (
    AccessGrant,
    ChecklistItem,
    ImpactAssessment,
    Incident,
    Involvement,
    Procedures,
    Resolution,
    ResponderRequest,
    RoleAssignment,
    Severity,
    TimelineEvent,
    Via,
    Watcher,
)
from apps.notifications import answers
from apps.notifications.models import Notification
from apps.teams.models import Team, TeamRole, User
from tests.factories.checklists import make_checklist
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """An incident that nobody is involved in, another of its team, the team's commander, and a team elsewhere."""

    incident: Incident
    other: Incident
    cora: User
    elsewhere: Team

    def item(self, part: str) -> ChecklistItem:
        return self.incident.checklist.get(part=part)

    def request(self) -> ResponderRequest:
        """Somebody else was asked to respond."""
        known = {"asked_by": self.cora, "asked_at": self.incident.declared_at}
        return self.incident.responder_requests.get_or_create(person=self.cora, defaults=known)[0]

    def be_private(self) -> None:
        self.incident.private = True
        self.incident.save()

    def give_access(self) -> None:
        """Somebody was given access to the incident, which is private."""
        self.be_private()
        actions.give_access(self.incident.pk, person=make_person("Hanna"), reason="She knows the case", by=self.cora)

    def settle_recovery(self) -> None:
        """Whatever gates the resolution is done."""
        actions.tick(self.item("immediate").pk, done=True, by=self.cora)
        actions.record_resolution(self.incident.pk, by=self.cora, verified=True)

    def be_watched(self) -> None:
        """Its service has a health check."""
        api = Service.objects.create(slug="watched", name="Watched", team=self.incident.team)
        HealthCheck.objects.create(service=api, name="Page", kind="http", target="https://api.example.com")
        self.incident.services.add(api)

    def have_a_runbook(self) -> None:
        """The procedures have one."""
        procedures = Procedures.objects.get()
        procedures.resources = {"guides": [{"key": "fix", "name": "Fix", "steps": [{"text": "Deploy"}]}]}
        procedures.save()

    def resolve(self) -> None:
        resolve(self.incident, self.cora)

    def resolve_and_settle_the_rest(self) -> None:
        self.resolve()
        actions.tick(self.item("long_term").pk, done=True, by=self.cora)


@pytest.fixture
def scene(clock) -> Scene:
    make_procedures()
    make_checklist()
    team = make_team()
    return Scene(
        incident=declare(team),
        other=declare(team),
        cora=make_person("Cora", team, TeamRole.COMMANDER),
        elsewhere=make_team("ai"),
    )


def of_the_team(role: TeamRole) -> Callable[[Scene], User]:
    return lambda scene: make_person("Pat", scene.incident.team, role)


def of_another_team(role: TeamRole) -> Callable[[Scene], User]:
    return lambda scene: make_person("Pat", scene.elsewhere, role)


def of_the_organisation(role: TeamRole) -> Callable[[Scene], User]:
    return lambda _: make_person("Pat", None, role)


def involved(person: Callable[[Scene], User]) -> Callable[[Scene], User]:
    """Somebody who is involved in both incidents besides."""

    def known(scene: Scene) -> User:
        found = person(scene)
        for incident in (scene.incident, scene.other):
            actions.involve(incident, found, reason="paged as level 3")
        return found

    return known


def who_left(person: Callable[[Scene], User]) -> Callable[[Scene], User]:
    def left(scene: Scene) -> User:
        found = person(scene)
        found.is_active = False
        found.save()
        return found

    return left


PEOPLE: dict[str, Callable[[Scene], User]] = {
    "responder": of_the_team(TeamRole.RESPONDER),
    "commander": of_the_team(TeamRole.COMMANDER),
    "manager": of_the_team(TeamRole.MANAGER),
    "administrator": of_the_organisation(TeamRole.ADMIN),
    "involved outsider": involved(of_another_team(TeamRole.RESPONDER)),
    "stakeholder": of_the_team(TeamRole.STAKEHOLDER),
    "involved stakeholder": involved(of_the_team(TeamRole.STAKEHOLDER)),
    "auditor": of_the_organisation(TeamRole.AUDITOR),
    "responder of another team": of_another_team(TeamRole.RESPONDER),
    "commander who left": who_left(involved(of_the_team(TeamRole.COMMANDER))),
}
MEMBERS = {"responder", "commander", "manager", "administrator"}
RESPONDING = MEMBERS | {"involved outsider"}
SEEING = RESPONDING | {"stakeholder", "involved stakeholder", "auditor"}


def let_watch(scene: Scene, by: User) -> None:
    Watcher.objects.get_or_create(incident=scene.incident, person=by, defaults={"since": scene.incident.declared_at})


@dataclass(frozen=True)
class Deed:
    """An action, what is done before it by somebody else, who may do it, and how whoever tries comes to try."""

    do: Callable[[Scene, User], object]
    before: Callable[[Scene], object] = lambda _: None
    who: frozenset[str] = frozenset(RESPONDING)
    ready: Callable[[Scene, User], object] = lambda _scene, _by: None


DEEDS: dict[str, Deed] = {
    "declare": Deed(
        lambda scene, by: actions.declare(
            title="Down", severity=scene.incident.severity, team=scene.incident.team, by=by, via=Via.WEB
        ),
        who=frozenset(MEMBERS),
    ),
    "acknowledge": Deed(lambda scene, by: actions.acknowledge(scene.incident.pk, by=by)),
    "transition": Deed(lambda scene, by: actions.transition(scene.incident.pk, to="investigating", by=by)),
    "change_severity": Deed(
        lambda scene, by: actions.change_severity(
            scene.incident.pk, severity=Severity.objects.get(code="P2"), reason="One is down", by=by
        )
    ),
    "describe": Deed(lambda scene, by: actions.describe(scene.incident.pk, title="Only the API is down", by=by)),
    "add_note": Deed(lambda scene, by: actions.add_note(scene.incident.pk, text="The disk is full", by=by)),
    "note_cause": Deed(lambda scene, by: actions.note_cause(scene.incident.pk, about="errors", text="Timeouts", by=by)),
    "ask_for_health": Deed(lambda scene, by: actions.ask_for_health(scene.incident.pk, by=by), before=Scene.be_watched),
    "start_runbook": Deed(
        lambda scene, by: actions.start_runbook(scene.incident.pk, key="fix", by=by),
        before=Scene.have_a_runbook,
    ),
    "assess_impact": Deed(lambda scene, by: actions.assess_impact(scene.incident.pk, users_affected=7, by=by)),
    "record_resolution": Deed(
        lambda scene, by: actions.record_resolution(scene.incident.pk, reference="hotfix/7", by=by)
    ),
    "assign_role": Deed(
        lambda scene, by: actions.assign_role(scene.incident.pk, role="technical_lead", person=scene.cora, by=by)
    ),
    "tick": Deed(lambda scene, by: actions.tick(scene.item("initial").pk, done=True, by=by)),
    "waive": Deed(
        lambda scene, by: actions.waive(scene.item("immediate").pk, reason="No customer is left", by=by),
        who=frozenset({"commander", "administrator"}),
    ),
    "resolve": Deed(lambda scene, by: actions.resolve(scene.incident.pk, by=by), before=Scene.settle_recovery),
    "resolve_or_monitor": Deed(lambda scene, by: actions.resolve_or_monitor(scene.incident.pk, by=by, via=Via.SMS)),
    "confirm_closure": Deed(lambda scene, by: actions.confirm_closure(scene.incident.pk, by=by), before=Scene.resolve),
    "close": Deed(lambda scene, by: actions.close(scene.incident.pk, by=by), before=Scene.resolve_and_settle_the_rest),
    "reopen": Deed(lambda scene, by: actions.reopen(scene.incident.pk, by=by), before=Scene.resolve),
    "cancel": Deed(lambda scene, by: actions.cancel(scene.incident.pk, reason="A false alarm", by=by)),
    "merge": Deed(lambda scene, by: actions.merge(scene.incident.pk, into=scene.other.pk, by=by)),
    "ask_responders": Deed(lambda scene, by: actions.ask_responders(scene.incident.pk, people=[scene.cora], by=by)),
    "withdraw_request": Deed(
        lambda scene, by: actions.withdraw_request(scene.request().pk, by=by), before=Scene.request
    ),
    "accept_request": Deed(
        lambda scene, by: actions.accept_request(scene.request().pk, by=by), before=Scene.request, who=frozenset()
    ),
    "watch": Deed(lambda scene, by: actions.watch(scene.incident.pk, by=by), who=frozenset(SEEING)),
    "unwatch": Deed(
        lambda scene, by: actions.unwatch(scene.incident.pk, by=by), who=frozenset(SEEING), ready=let_watch
    ),
    "give_access": Deed(
        lambda scene, by: actions.give_access(scene.incident.pk, person=scene.cora, reason="She knows it", by=by),
        before=Scene.be_private,
        who=frozenset({"commander"}),
    ),
    "take_access_back": Deed(
        lambda scene, by: actions.take_access_back(scene.incident.access_grants.get().pk, by=by),
        before=Scene.give_access,
        who=frozenset({"commander"}),
    ),
}
#: Ways to an action that have to ask for its right as well.
BY_ANOTHER_WAY: dict[str, Deed] = {
    "transition to acknowledged": Deed(
        lambda scene, by: actions.transition(scene.incident.pk, to="acknowledged", by=by)
    ),
    "transition to resolved": Deed(
        lambda scene, by: actions.transition(scene.incident.pk, to="resolved", by=by), before=Scene.settle_recovery
    ),
    "transition to closed": Deed(
        lambda scene, by: actions.transition(scene.incident.pk, to="closed", by=by),
        before=Scene.resolve_and_settle_the_rest,
    ),
    "transition to cancelled": Deed(
        lambda scene, by: actions.transition(scene.incident.pk, to="cancelled", note="A false alarm", by=by)
    ),
    "transition of a resolved one": Deed(
        lambda scene, by: actions.transition(scene.incident.pk, to="investigating", by=by), before=Scene.resolve
    ),
    "let others watch": Deed(
        lambda scene, by: actions.watch(scene.incident.pk, person=scene.cora, by=by),
        who=frozenset({"commander", "administrator"}),
    ),
    "reassign": Deed(
        lambda scene, by: escalation.reassign(scene.incident.pk, people=[scene.cora], reason="She knows it", by=by)
    ),
    "decline what another was paged for": Deed(
        lambda scene, by: answers.decline_incident(scene.incident.pk, by=by, via=Via.WEB), who=frozenset()
    ),
    "decline what another was asked": Deed(
        lambda scene, by: answers.answer_request(scene.request().pk, "decline", by=by, via=Via.WEB),
        before=Scene.request,
        who=frozenset(),
    ),
    "untick": Deed(
        lambda scene, by: actions.tick(scene.item("initial").pk, done=False, by=by),
        before=lambda scene: actions.tick(scene.item("initial").pk, done=True, by=scene.cora),
    ),
}


def everything() -> list[list[tuple[object, ...]]]:
    """All that the actions write, as it stands."""
    tables = (
        Incident, ChecklistItem, ImpactAssessment, Resolution, RoleAssignment, Watcher, ResponderRequest, Involvement,
        AccessGrant, Notification, Run, RunLevel, TimelineEvent,
    )  # fmt: skip
    return [list(table._default_manager.order_by("pk").values_list()) for table in tables]


def may(deed: Deed, scene: Scene, person: User) -> bool:
    """Let ``person`` try: either it is done and stands on the timeline under their name, or nothing has changed."""
    deed.ready(scene, person)
    before = everything()
    try:
        deed.do(scene, person)
    except NotAllowed:
        assert everything() == before
        return False
    events = TimelineEvent.objects.order_by("pk")[len(before[-1]) :]
    assert person in [event.actor for event in events]
    return True


def who_may(deed: Deed, scene: Scene) -> set[str]:
    """Who of ``PEOPLE`` may do it, each at the same scene."""
    found = set()
    for who, make in PEOPLE.items():
        mark = transaction.savepoint()
        if may(deed, scene, make(scene)):
            found.add(who)
        transaction.savepoint_rollback(mark)
    return found


#: What is done outside of any incident (tests/desk/test_leaving.py).
OF_NO_INCIDENT = {"name_candidate", "name_expert"}


def test_the_table_has_every_action_that_a_person_takes():
    taken = {name for name in actions.__all__ if "by" in inspect.signature(getattr(actions, name)).parameters}
    assert set(DEEDS) == taken - OF_NO_INCIDENT


@pytest.mark.parametrize("action", DEEDS | BY_ANOTHER_WAY)
def test_who_may(scene, action):
    deed = (DEEDS | BY_ANOTHER_WAY)[action]
    deed.before(scene)
    assert who_may(deed, scene) == deed.who


@pytest.mark.parametrize("known", ["incident", "other"])
def test_merging_takes_the_right_on_both(scene, known):
    """Whoever may respond to one of the two alone may merge neither into the other."""
    outsider = make_person("Otto")
    actions.involve(getattr(scene, known), outsider, reason="paged as level 3")
    with pytest.raises(NotAllowed):
        actions.merge(scene.incident.pk, into=scene.other.pk, by=outsider)
    assert not Incident.objects.exclude(merged_into=None).exists()


def test_merging_into_another_team_s_incident_takes_a_right_there(scene):
    theirs = declare(make_team("data"))
    with pytest.raises(NotAllowed):
        actions.merge(scene.incident.pk, into=theirs.pk, by=scene.cora)
    with pytest.raises(NotAllowed):
        actions.merge(theirs.pk, into=scene.incident.pk, by=scene.cora)


def waive(scene: Scene, by: User) -> ChecklistItem:
    return actions.waive(scene.item("immediate").pk, reason="No customer is left", by=by)


def give_command(scene: Scene, person: User) -> None:
    actions.assign_role(scene.incident.pk, role="commander", person=person, by=scene.cora)


def test_while_somebody_commands_nobody_else_waives(scene):
    give_command(scene, make_person("Kim", scene.incident.team, TeamRole.RESPONDER))
    assert who_may(DEEDS["waive"], scene) == set()


@pytest.mark.parametrize("who", ["responder", "manager", "involved outsider"])
def test_whoever_commands_the_incident_waives_whatever_they_are_otherwise(scene, who):
    person = PEOPLE[who](scene)
    give_command(scene, person)
    assert waive(scene, person).by == person


def test_another_role_than_the_commanders_waives_nothing(scene):
    outsider = make_person("Otto")
    actions.assign_role(scene.incident.pk, role="technical_lead", person=outsider, by=scene.cora)
    with pytest.raises(NotAllowed):
        waive(scene, outsider)


def test_whoever_handed_the_command_over_waives_no_more(scene):
    first, second = (make_person(name, scene.incident.team, TeamRole.RESPONDER) for name in ("Fay", "Sam"))
    give_command(scene, first)
    give_command(scene, second)
    with pytest.raises(NotAllowed, match="Only the incident's commander, Sam"):
        waive(scene, first)
    assert waive(scene, second).by == second


def test_when_the_commander_has_left_any_commander_of_the_team_waives(scene):
    left = make_person("Lou", scene.incident.team, TeamRole.COMMANDER)
    give_command(scene, left)
    left.is_active = False
    left.save()
    with pytest.raises(NotAllowed):
        waive(scene, make_person("Rita", scene.incident.team, TeamRole.RESPONDER))
    assert waive(scene, scene.cora).by == scene.cora


def test_a_commander_of_another_team_who_was_paged_responds_and_waives_nothing(scene):
    guest = involved(of_another_team(TeamRole.COMMANDER))(scene)
    actions.add_note(scene.incident.pk, text="On my way", by=guest)
    with pytest.raises(NotAllowed):
        waive(scene, guest)


#: What is done whatever has become of the incident.
AT_ANY_TIME = {"declare", "add_note", "note_cause", "assess_impact", "give_access", "take_access_back"}


@pytest.mark.parametrize("action", sorted(DEEDS.keys() - AT_ANY_TIME))
def test_whoever_may_not_does_not_learn_what_has_become_of_it(scene, action):
    """The right is asked for before the lifecycle: a stranger hears the same of every incident."""
    actions.cancel(scene.incident.pk, reason="A false alarm", by=scene.cora)
    with pytest.raises(NotAllowed):
        DEEDS[action].do(scene, make_person("Sally"))
    with pytest.raises(RuleViolation):
        DEEDS[action].do(scene, scene.cora)
