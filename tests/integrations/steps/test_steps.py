"""What is made for an incident elsewhere: once, by itself, in order, and shown where it fails (R14)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connections

from apps.core.errors import NotAllowed, ProviderError, RuleViolation
from apps.engine.models import Lane, State, Timer
from apps.engine.registry import at_once, lane_of
from apps.engine.runner import run_due
from apps.engine.worker import SLOTS
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind
from apps.integrations import tools
from apps.integrations.models import Connection, Step, StepState
from apps.integrations.steps import actions, bringing
from apps.integrations.tools import Made, Provider, Setting, StepKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


class Recorder:
    """A provider within the process: it keeps what it is asked, and fails as the test says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.made: dict[str, Made] = {}
        self.fails: list[Exception] = []
        self.forgets_to_answer = False
        self.is_asked, self.waits = threading.Event(), threading.Event()
        self.waits.set()

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        self.is_asked.set()
        self.waits.wait(timeout=10)
        if self.fails:
            raise self.fails.pop(0)

    def find(self, brief):
        self._ask("find")
        return self.made.get(brief.mark)

    def make(self, brief, *, key):
        self._ask("make")
        self.made[brief.mark] = Made(ref="1", label="Room 1", url="https://room.example.com/1")
        if self.forgets_to_answer:
            self.forgets_to_answer = False
            raise KeyboardInterrupt  # the process is killed between the answer and the record
        return self.made[brief.mark]

    def follow(self, made, brief, news):
        self._ask(f"follow {news.kind}")

    def end(self, made, brief):
        self._ask("end")

    def check(self):
        return "Here."


@pytest.fixture
def room(monkeypatch) -> Recorder:
    """A chat in which a channel is made for each incident."""
    recorder = Recorder()

    @contextmanager
    def opened(told):
        yield recorder

    known = Provider(
        key="room", label="Room", makes=StepKind.CHANNEL, settings=(Setting("token", "Token", secret=True),),
        opened=opened, follows=frozenset({EventKind.NOTE, EventKind.ACKNOWLEDGED, EventKind.REOPENED}),
    )  # fmt: skip
    monkeypatch.setitem(tools._providers, "room", known)
    return recorder


@pytest.fixture
def connection(room, team) -> Connection:
    return Connection.objects.create(provider="room", team=team, secrets={"token": "hush"})


def told(incident, kind: EventKind) -> list[str]:
    return list(incident.timeline.filter(kind=kind).values_list("text", flat=True))


def test_it_is_made_told_in_order_and_ended(room, connection, team, olga, clock):
    incident = declare(team)
    run_due()
    step = incident.steps.get()
    assert (step.state, step.label, step.url) == (StepState.MADE, "Room 1", "https://room.example.com/1")
    assert told(incident, EventKind.STEP_MADE) == ["Channel Room 1 is there."]
    incidents.acknowledge(incident.pk, by=olga, via="web")
    incidents.add_note(incident.pk, text="It is the disk.", by=olga)
    run_due()
    assert room.asked == ["make", "follow acknowledged", "follow note"]
    incidents.cancel(incident.pk, reason="None after all", by=olga)
    run_due()
    step.refresh_from_db()
    assert (room.asked[-1], step.state) == ("end", StepState.ENDED)
    assert told(incident, EventKind.STEP_ENDED) == ["Channel Room 1 is ended."]
    run_due()
    assert room.asked.count("end") == 1


def test_what_was_made_before_the_process_was_killed_is_found_and_not_made_twice(room, connection, team, clock):
    room.forgets_to_answer = True
    incident = declare(team)
    with pytest.raises(KeyboardInterrupt):
        run_due()
    Timer.objects.filter(kind__in=actions.BRING.values()).update(state=State.PENDING, lease_until=None, leased_by=None)
    clock.shift(minutes=5)
    run_due()
    assert room.asked == ["make", "find"]
    assert incident.steps.get().state == StepState.MADE


def test_a_failure_is_shown_and_tried_again_and_holds_nothing_back(room, connection, team, clock):
    room.fails = [ProviderError("Nobody answers.")]
    incident = declare(team)
    run_due()
    step = incident.steps.get()
    assert (step.state, step.error) == (StepState.PLANNED, "Nobody answers.")
    clock.shift(minutes=10)
    run_due()
    step.refresh_from_db()
    assert (step.state, step.error) == (StepState.MADE, "")
    assert told(incident, EventKind.STEP_FAILED) == []


def test_what_is_refused_for_good_is_said_on_the_timeline_and_tried_again_by_hand(room, connection, team, olga, clock):
    room.fails = [ProviderError("The token was revoked.", permanent=True)]
    incident = declare(team)
    run_due()
    step = incident.steps.get()
    assert (step.state, step.error) == (StepState.FAILED, "The token was revoked.")
    assert told(incident, EventKind.STEP_FAILED) == ["Channel: The token was revoked."]
    incidents.add_note(incident.pk, text="It is the disk.", by=olga)
    run_due()
    assert room.asked == ["make"]
    reader = make_person("Stan", team, TeamRole.STAKEHOLDER)
    with pytest.raises(NotAllowed):
        actions.retry(step.pk, by=reader)
    actions.retry(step.pk, by=olga)
    run_due()
    step.refresh_from_db()
    assert step.state == StepState.MADE
    with pytest.raises(RuleViolation, match="did not fail"):
        actions.retry(step.pk, by=olga)


def test_a_follow_that_fails_is_taken_up_where_it_was(room, connection, team, olga, clock):
    incident = declare(team)
    run_due()
    incidents.add_note(incident.pk, text="First", by=olga)
    incidents.add_note(incident.pk, text="Second", by=olga)
    room.asked.clear()
    room.fails = [ProviderError("Later.")]
    run_due()
    assert room.asked == ["follow note"]
    clock.shift(minutes=10)
    run_due()
    assert room.asked == ["follow note"] * 3


def test_nothing_is_made_for_what_is_over_and_what_may_be_there_is_ended(room, connection, team, olga, clock):
    room.fails = [ProviderError("Nobody answers.")]
    incident = declare(team)
    run_due()
    incidents.cancel(incident.pk, reason="None after all", by=olga)
    clock.shift(minutes=10)
    run_due()
    assert room.asked == ["make", "find"]
    assert incident.steps.get().state == StepState.ENDED


def test_a_team_has_its_own_connection_before_that_of_every_team(room, team, clock):
    every = Connection.objects.create(provider="room", team=None)
    own = Connection.objects.create(provider="room", team=team)
    Connection.objects.create(provider="room", team=make_team("ai"), is_active=False)
    for whose, wanted in ((team, own), (make_team("security"), every), (make_team("product"), every)):
        incident = declare(whose)
        run_due()
        assert incident.steps.get().connection == wanted


def test_a_resolved_incident_goes_on_where_it_was_when_it_is_reopened(room, connection, team, olga, clock):
    incident = declare(team)
    run_due()
    resolve(incident, olga)
    run_due()
    clock.shift(hours=1)
    incidents.reopen(incident.pk, reason="Again", by=olga)
    run_due()
    assert room.asked[0] == "make"
    assert room.asked.count("make") == 1
    assert "follow reopened" in room.asked


def test_a_step_is_one_for_an_incident_and_a_kind(room, connection, team, clock):
    incident = declare(team)
    for _ in range(3):
        actions.look(incident.pk)
    assert Step.objects.count() == 1
    assert Timer.objects.filter(kind__in=actions.BRING.values(), state=State.PENDING).count() == 1


def test_kinds_that_hang_together_leave_threads_of_their_lane_free():
    assert {lane_of(kind) for kind in actions.BRING.values()} == {Lane.WORK}
    assert sum(at_once(kind) for kind in actions.BRING.values()) < SLOTS[Lane.WORK]


def test_opened_again_after_the_closure_was_confirmed_it_is_begun_anew(room, connection, team, olga, clock):
    incident = declare(team)
    run_due()
    resolve(incident, olga)
    incidents.confirm_closure(incident.pk, by=olga)
    run_due()
    step = incident.steps.get()
    assert (step.state, room.asked[-1]) == (StepState.ENDED, "end")
    room.made.clear()
    clock.shift(hours=1)
    incidents.reopen(incident.pk, reason="Again", by=olga)
    run_due()
    step.refresh_from_db()
    assert (step.state, step.ended_at) == (StepState.MADE, None)
    assert room.asked[room.asked.index("end") + 1 :][:3] == ["find", "make", "follow reopened"]
    resolve(incident, olga)
    incidents.confirm_closure(incident.pk, by=olga)
    run_due()
    step.refresh_from_db()
    assert (step.state, room.asked[-1]) == (StepState.ENDED, "end")


def test_an_end_that_a_reopening_overtook_ends_nothing(room, connection, team, olga, clock):
    incident = declare(team)
    run_due()
    resolve(incident, olga)
    room.fails = [ProviderError("Nobody answers.") for _ in range(3)]
    incidents.confirm_closure(incident.pk, by=olga)
    incidents.reopen(incident.pk, reason="Again", by=olga)
    run_due()
    room.fails = []
    clock.shift(minutes=30)
    run_due()
    step = incident.steps.get()
    assert (step.state, "end" in room.asked) == (StepState.MADE, False)
    assert "follow reopened" in room.asked


@pytest.mark.parametrize("broken_by", ["a refusal", "a dead timer"])
def test_what_failed_is_ended_all_the_same(room, connection, team, olga, clock, broken_by):
    incident = declare(team)
    run_due()
    if broken_by == "a refusal":
        room.fails = [ProviderError("No such thing.", permanent=True)]
        incidents.add_note(incident.pk, text="First", by=olga)
        run_due()
    else:
        actions.note_failure(incident.steps.get().pk, "It was given up.", for_good=True)
    step = incident.steps.get()
    assert step.state == StepState.FAILED
    incidents.add_note(incident.pk, text="Second", by=olga)
    run_due()
    assert room.asked.count("follow note") == (1 if broken_by == "a refusal" else 0)
    incidents.cancel(incident.pk, reason="None after all", by=olga)
    run_due()
    step.refresh_from_db()
    assert (step.state, room.asked[-1]) == (StepState.ENDED, "end")


def test_two_who_bring_it_at_once_make_one(room, connection, team, clock):
    incident = declare(team)
    actions.look(incident.pk)
    step = incident.steps.get()
    room.waits = threading.Event()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(_bring_in_a_thread, step.pk)
        room.is_asked.wait(timeout=10)
        bringing.bring(step.pk)
        room.waits.set()
        first.result(timeout=10)
    assert room.asked == ["make"]
    assert Timer.objects.filter(kind__in=actions.BRING.values(), state=State.PENDING).count() == 1
    incidents.acknowledge(incident.pk, by=make_person("Ann", team, TeamRole.RESPONDER))
    clock.shift(seconds=2)
    run_due()
    assert room.asked == ["make", "follow acknowledged"]


def _bring_in_a_thread(step: int) -> None:
    try:
        bringing.bring(step)
    finally:
        connections.close_all()
