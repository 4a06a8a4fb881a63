"""Random chains, times and answers, for the tests that compare simulation, engine and a plain model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from apps.catalog.models import Service
from apps.contacts.models import EmergencyContact, WebhookEndpoint
from apps.escalation.models import Level, LevelTarget, Policy, TargetKind
from apps.incidents.models import ResponseRole, Severity
from apps.rosters.models import Roster
from apps.teams.models import Team, User
from tests.escalation.random_rosters import NAMES, RandomRoster, fill, rosters

#: Seven minutes past, so that no level is due at the instant at which working hours begin.
FIRST = datetime(2026, 2, 26, 3, 7, tzinfo=UTC)


@dataclass(frozen=True)
class RandomTarget:
    """A kind and which of the people or rosters it names; ``outside``: for the time outside working hours."""

    kind: TargetKind
    index: int
    outside: bool


@dataclass(frozen=True)
class RandomLevel:
    number: int
    after: timedelta
    unless: str
    outside_hours: str
    round_robin: bool
    targets: tuple[RandomTarget, ...]


@dataclass(frozen=True)
class RandomAnswer:
    """What ``by`` does: ``kind`` is the deed; ``number`` the minutes of a hold, the level, or whom it names."""

    after: timedelta
    kind: str
    number: int
    by: str


@dataclass(frozen=True)
class RandomCase:
    """``other``: a chain to which it may be reassigned; ``gone``: who left before, and is on the rosters still."""

    start: datetime
    scope: str
    levels: tuple[RandomLevel, ...]
    other: tuple[RandomLevel, ...]
    repeats: int
    repeat_every: timedelta
    asks_again_after: timedelta | None
    rosters: tuple[RandomRoster, ...]
    unreachable: frozenset[str]
    gone: frozenset[str]
    answers: tuple[RandomAnswer, ...]


@dataclass(frozen=True)
class Place:
    """Where random chains take place."""

    team: Team
    service: Service
    people: dict[str, User]
    rosters: list[Roster]
    contact: EmergencyContact
    webhook: WebhookEndpoint


def cases(
    kinds: tuple[TargetKind, ...], answers: tuple[str, ...], *, by: tuple[str, ...], is_plain: bool = False
) -> st.SearchStrategy[RandomCase]:
    """Chains whose targets are of ``kinds``, answered in ways of ``answers``, each by one of ``by``, in six weeks.

    Levels are due at multiples of five minutes, answers come two minutes after one, holds end at yet another, and
    silence is noticed at some seconds: which of two that are due at one instant comes first is nobody's promise.
    ``is_plain``: nobody is asked again, nobody left, the rosters are empty, and who answers is reached.
    """
    answering = {*by} if is_plain else set()
    targets = st.builds(RandomTarget, st.sampled_from(kinds), st.integers(0, len(NAMES) - 1), st.booleans())

    @st.composite
    def chain(draw: st.DrawFn) -> tuple[RandomLevel, ...]:
        count = draw(st.integers(1, 4))
        steps = draw(st.lists(st.integers(0, 60), min_size=count, max_size=count))
        found = []
        for index in range(count):
            after = timedelta(minutes=5 * sum(steps[1 : index + 1]))
            drawn = tuple(draw(st.lists(targets, min_size=1, max_size=3)))
            unless = draw(st.sampled_from(("acknowledged", "resolved")))
            hours = draw(st.sampled_from(("page", "page", "wait", "other")))
            found.append(RandomLevel(index + 1, after, unless, hours, draw(st.booleans()), drawn))
        return tuple(found)

    @st.composite
    def case(draw: st.DrawFn) -> RandomCase:
        levels = draw(chain())
        answer = st.builds(
            RandomAnswer,
            (st.integers(0, 200) | st.integers(0, 12)).map(lambda step: timedelta(minutes=5 * step + 2)),
            st.sampled_from(answers),
            st.integers(1, 120).map(lambda step: 5 * step + 1),
            st.sampled_from(by),
        )
        silence = st.integers(36, 144).map(lambda step: timedelta(minutes=5 * step, seconds=7))
        return RandomCase(
            start=FIRST + timedelta(hours=draw(st.integers(0, 42 * 24))),
            scope=draw(st.sampled_from(("everybody", "team", "service"))),
            levels=levels,
            other=() if is_plain else draw(chain()),
            repeats=draw(st.integers(0, 2)),
            repeat_every=levels[-1].after + timedelta(minutes=5 * draw(st.integers(1, 60))),
            asks_again_after=None if is_plain else draw(st.none() | silence),
            rosters=() if is_plain else (draw(rosters), draw(rosters)),
            unreachable=draw(st.frozensets(st.sampled_from(sorted({*NAMES} - answering)), max_size=4)),
            gone=frozenset() if is_plain else draw(st.frozensets(st.sampled_from(NAMES), max_size=2)),
            answers=tuple(sorted(draw(st.lists(answer, max_size=4)), key=lambda each: each.after)),
        )

    return case()


def build(case: RandomCase, place: Place) -> None:
    """Put the case's chains and rosters in force, and cut off whoever cannot be reached in it."""
    scope = {"everybody": {}, "team": {"team": place.team}, "service": {"service": place.service}}[case.scope]
    for roster, said in zip(place.rosters, case.rosters, strict=False):
        fill(roster, said, place.people, start=case.start)
    policy = Policy.objects.create(
        severity=Severity.objects.get(code="P0"), repeats=case.repeats, repeat_every=case.repeat_every,
        asks_again_after=case.asks_again_after, **scope,
    )  # fmt: skip
    _add_levels(policy, case.levels, place)
    if case.other:
        _add_levels(Policy.objects.create(severity=Severity.objects.get(code="P1")), case.other, place)
    for name in case.unreachable:
        place.people[name].contact_methods.all().delete()
    User.objects.filter(name__in=case.gone).update(is_active=False)


def _add_levels(policy: Policy, levels: tuple[RandomLevel, ...], place: Place) -> None:
    for said in levels:
        level = Level.objects.create(
            policy=policy, number=said.number, name=f"Level {said.number}", after=said.after, unless=said.unless,
            outside_hours=said.outside_hours, round_robin=said.round_robin,
        )  # fmt: skip
        for position, target in enumerate(said.targets):
            LevelTarget.objects.create(
                level=level, position=position, kind=target.kind, outside_hours=target.outside, **_named(target, place)
            )


def _named(target: RandomTarget, place: Place) -> dict[str, object]:
    roster = place.rosters[target.index % len(place.rosters)]
    named: dict[TargetKind, dict[str, object]] = {
        TargetKind.PERSON: {"person": place.people[NAMES[target.index]]},
        TargetKind.ROSTER: {"roster": roster},
        TargetKind.NEXT: {"roster": roster},
        TargetKind.TEAM: {"team": place.team},
        TargetKind.ROLE: {"role": ResponseRole.objects.get(key="commander")},
        TargetKind.CONTACT: {"contact": place.contact},
        TargetKind.WEBHOOK: {"webhook": place.webhook},
    }
    return named.get(target.kind, {})
