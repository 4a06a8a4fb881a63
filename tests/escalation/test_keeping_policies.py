"""What makes a chain one that can be climbed, and two people who save the same chain at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from apps.core.errors import Conflict, HouseError, Invalid, NotAllowed, RuleViolation
from apps.escalation import actions, drafts, queries, rules, versions
from apps.escalation.drafts import Draft, Rung
from apps.escalation.models import Level, LevelTarget, OutsideHours, Policy, TargetKind, Unless
from apps.incidents.models import Severity
from apps.teams.models import Team, TeamRole, User
from tests.escalation.building import chain, make_house
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.teams import make_person


def minutes(*pairs: tuple[int, int]) -> list[tuple[int, timedelta]]:
    return [(number, timedelta(minutes=after)) for number, after in pairs]


@pytest.mark.parametrize(
    ("levels", "repeats", "every", "said"),
    [
        ([(1, 0)], 0, None, ""),
        ([(1, 0), (2, 0), (5, 60)], 0, None, ""),
        ([(2, 15), (1, 0)], 0, None, ""),
        ([(1, 0), (2, 15)], 2, 16, ""),
        ([(1, 0), (2, 15)], 0, 1, ""),
        ([], 0, None, "at least one level"),
        ([(1, 0), (1, 15)], 0, None, "a number of its own"),
        ([(2, 0)], 0, None, "begins with level 1"),
        ([(1, 10), (2, 5)], 0, None, "never due before"),
        ([(1, 0), (2, 15)], 1, 15, "before the last level is due"),
    ],
)
def test_a_chain_is_climbed_in_its_order(levels, repeats, every, said):
    times, span = minutes(*levels), timedelta(minutes=every) if every is not None else None
    if not said:
        rules.check_chain(times, repeats=repeats, repeat_every=span)
        return
    with pytest.raises(Invalid, match=said):
        rules.check_chain(times, repeats=repeats, repeat_every=span)


@pytest.mark.parametrize(
    ("hours", "marked", "said"),
    [
        (OutsideHours.PAGE, [False], ""),
        (OutsideHours.OTHER, [False, True], ""),
        (OutsideHours.WAIT, [], "Name whom"),
        (OutsideHours.OTHER, [], "Name whom"),
        (OutsideHours.OTHER, [False], "marked for outside them"),
        (OutsideHours.OTHER, [True, True], "for working hours"),
        (OutsideHours.WAIT, [False, True], "only where the level pages others"),
    ],
)
def test_a_level_names_somebody_for_the_hours_it_speaks_of(hours, marked, said):
    if not said:
        rules.check_targets(hours, marked=marked)
        return
    with pytest.raises(Invalid, match=said):
        rules.check_targets(hours, marked=marked)


def manager(team: Team, name: str = "Mia") -> User:
    return make_person(name, team, TeamRole.MANAGER)


def draft_of(policy: Policy) -> Draft:
    return drafts.of(queries.policies().get(pk=policy.pk))


def new_draft(person: User, **scope: Team) -> Draft:
    level = Level(number=1, name="One", after=timedelta(0), unless=Unless.ACKNOWLEDGED)
    target = LevelTarget(kind=TargetKind.PERSON, person=person)
    return Draft(Policy(severity=Severity.objects.get(code="P2"), **scope), [Rung(level, [target])])


def test_every_way_to_write_asks_whose_chain_it_is(house):
    own, general = chain("P0", house.olga, team=house.team), chain("P0", house.tom)
    mia = manager(house.team)
    for policy, person in ((own, house.olga), (general, mia)):
        with pytest.raises(NotAllowed):
            actions.save_policy(draft_of(policy), by=person, based_on=versions.of(policy.pk))
        with pytest.raises(NotAllowed):
            actions.delete_policy(policy.pk, by=person)
    with pytest.raises(NotAllowed, match="kept by administrators"):
        actions.save_policy(new_draft(house.olga), by=mia)
    with pytest.raises(RuleViolation, match="The chain of every team stays"):
        actions.delete_policy(general.pk, by=make_person("Ada", None, TeamRole.ADMIN))


def test_a_chain_cannot_be_taken_over_by_naming_ones_own_team(house):
    general = draft_of(chain("P0", house.tom))
    general.policy.team = house.team
    with pytest.raises(NotAllowed):
        actions.save_policy(general, by=manager(house.team), based_on=versions.of(general.policy.pk))


def test_the_version_changes_with_every_part_and_with_nothing_else(house):
    own, other = chain("P0", house.olga, house.tom, team=house.team), chain("P1", house.olga, team=house.team)
    seen = versions.of(own.pk)
    target = LevelTarget.objects.filter(level__policy=other).get()
    target.position = 4
    target.save()
    assert versions.of(own.pk) == seen
    for row in (own, own.levels.get(number=2), LevelTarget.objects.filter(level__policy=own).first()):
        before = versions.of(own.pk)
        row.save()
        assert versions.of(own.pk) != before
    last = versions.of(own.pk)
    LevelTarget.objects.filter(level__policy=own).last().delete()
    assert list(map(str, versions.edited(own.pk).changes_since(last))) == ["The house: level target Tom deleted"]


@pytest.mark.parametrize("version", ["", "1", "a.b.c", "1.2", "9" * 30 + ".1.1", "-1.0.0"])
def test_a_version_that_is_none_is_refused(house, version):
    own = chain("P0", house.olga, team=house.team)
    with pytest.raises(Conflict):
        actions.save_policy(draft_of(own), by=manager(house.team), based_on=version)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_the_same_moment_one_is_told():
    house = make_house()
    own = chain("P0", house.olga, team=house.team)
    seen, together = versions.of(own.pk), Barrier(2)
    people = [manager(house.team, "Mia"), manager(house.team, "Max")]

    def save(person: User) -> str:
        draft = draft_of(own)
        draft.rungs[0].level.name = f"Of {person}"
        together.wait(timeout=10)
        return attempt(lambda: actions.save_policy(draft, by=person, based_on=seen))

    assert sorted(at_once(save, people)) == ["ChangedMeanwhile", "done"]
    assert Level.history.filter(policy_id=own.pk, history_type="~").count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_saves_while_another_does_waits_and_is_told():
    house = make_house()
    own = chain("P0", house.olga, team=house.team)
    seen, told = versions.of(own.pk), []
    mia, max_ = manager(house.team, "Mia"), manager(house.team, "Max")
    drafts_of_both = [draft_of(own), draft_of(own)]
    for draft, name in zip(drafts_of_both, ("Of Mia", "Of Max"), strict=True):
        draft.rungs[0].level.name = name
    first, second = drafts_of_both
    one_waits_for_the_other(
        lambda: actions.save_policy(first, by=mia, based_on=seen),
        lambda: told.append(attempt(lambda: actions.save_policy(second, by=max_, based_on=seen))),
    )
    assert told == ["ChangedMeanwhile"]
    assert own.levels.get().name == "Of Mia"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_begin_the_same_chain_one_is_told():
    house = make_house()
    together = Barrier(2)
    people = [manager(house.team, "Mia"), manager(house.team, "Max")]

    def begin(person: User) -> str:
        draft = new_draft(house.olga, team=house.team)
        together.wait(timeout=10)
        return attempt(lambda: actions.save_policy(draft, by=person))

    done = at_once(begin, people)
    assert done.count("done") == 1
    assert set(done) <= {"done", "Conflict", "Invalid"}
    assert Policy.objects.get(team=house.team).levels.count() == 1


def at_once(act, people: list[User]) -> list[str]:
    def close_after(person: User) -> str:
        try:
            return act(person)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(close_after, people))


def attempt(act) -> str:
    try:
        act()
    except HouseError as refused:
        return type(refused).__name__
    return "done"
