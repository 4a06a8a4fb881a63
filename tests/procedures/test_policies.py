"""The chains of services and teams in the procedures file: repeats, hours, turns and every kind of target."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Service
from apps.contacts.actions.endpoints import upsert_endpoint
from apps.core.errors import Invalid
from apps.escalation.models import Level, LevelTarget, Policy
from apps.incidents.models import ProceduresRevision
from apps.procedures import current, export, reading, structure
from apps.procedures.apply import EditedMeanwhile, apply, plan
from apps.procedures.problems import InvalidDocument
from apps.teams.models import TeamRole
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.procedures.test_apply import FILE

pytestmark = pytest.mark.django_db

MORE = """
escalation_repeats:
  P0:
    repeats: 2
    repeat_every: 6h
escalation_asks_again:
  P1: 45m
escalation_policies:
  - severity: P1
    team: platform
    asks_again_after: 20m
    levels:
      - level: 1
        name: Whoever is next
        after: 0m
        unless: acknowledged
        round_robin: true
        targets:
          - team: platform
          - next_of: platform
  - severity: P0
    service: application
    repeats: 3
    repeat_every: 1h
    levels:
      - level: 1
        name: By day and by night
        after: 0m
        unless: acknowledged
        outside_hours: other
        targets:
          - roster: platform
          - person: olga@example.com
            outside_hours: true
      - level: 2
        name: In the morning
        after: 15m
        unless: resolved
        outside_hours: wait
        targets:
          - role: commander
          - webhook: tool
"""


def document(more: str = MORE):
    return reading.parse((FILE.read_text(encoding="utf-8") + more).encode(), name="more.yml")


def problems(more: str) -> list[str]:
    with pytest.raises(InvalidDocument) as refused:
        document(more)
    return [f"{problem.path[0]}: {problem.message}" for problem in refused.value.problems]


@pytest.fixture
def organisation(clock):
    team = make_team()
    put_on_call(team, make_person("Olga", team, TeamRole.RESPONDER))
    upsert_endpoint(slug="tool", name="Tool", url="https://tool.example/hook")
    return Service.objects.create(slug="application", name="Application", team=team)


@pytest.fixture
def in_force(organisation):
    apply(document())
    return current.document()


def test_what_is_in_force_is_what_the_file_says(in_force):
    said = document()
    assert in_force.escalation_repeats == said.escalation_repeats
    assert set(in_force.escalation_policies) == set(said.escalation_policies)
    assert Policy.objects.get(severity__code="P0", team=None, service=None).repeats == 2
    silences = Policy.objects.filter(severity__code="P1").order_by("asks_again_after")
    assert list(silences.values_list("asks_again_after", flat=True)) == [timedelta(minutes=20), timedelta(minutes=45)]
    assert LevelTarget.objects.get(outside_hours=True).person.email == "olga@example.com"


def test_applying_twice_changes_nothing(in_force):
    before = Level.history.count()
    again = apply(document())
    assert (again.changes, again.revision) == ((), None)
    assert Level.history.count() == before


def test_what_was_exported_says_the_same_and_applies_without_a_change(in_force):
    text = export.to_yaml(in_force)
    assert reading.parse(text.encode(), name="exported.yml") == in_force
    assert plan(reading.parse(text.encode(), name="exported.yml")).changes == ()
    assert "next_of: platform" in text
    assert "repeat_every: 1h" in text


def test_plain_data_lose_nothing(in_force):
    assert structure.build(type(in_force), structure.plain(in_force)) == in_force


def test_a_file_that_does_not_speak_of_them_leaves_the_chains_of_services_and_teams_alone(in_force):
    ado = reading.load(FILE)
    assert [change.where for change in plan(ado).changes] == ["escalation_repeats", "escalation_asks_again"]
    apply(ado)
    assert Policy.objects.filter(team=None, service=None).count() == 4
    assert current.document().escalation_policies == in_force.escalation_policies
    assert apply(ado).changes == ()


def test_an_empty_list_removes_them_and_removing_twice_is_removing_once(in_force):
    nothing = document("\nescalation_policies: []\n")
    assert any(change.where.startswith("escalation_policies") for change in plan(nothing).changes)
    apply(nothing)
    assert current.document().escalation_policies is None
    assert apply(nothing).changes == ()
    assert not Policy.objects.exclude(team=None, service=None).exists()


def test_a_change_is_shown_at_its_place(in_force):
    [change] = plan(document(MORE.replace("after: 15m", "after: 20m"))).changes
    assert change.where == "escalation_policies[0].levels[1].after"
    assert str(change).endswith('"15m" → "20m"')


def test_an_edit_of_a_team_s_chain_in_the_admin_is_not_overwritten_unless_forced(in_force):
    level = Level.objects.get(name="Whoever is next")
    level.name = "Edited"
    level.save()
    with pytest.raises(EditedMeanwhile):
        apply(document())
    apply(document(), force=True)
    assert not Level.objects.filter(name="Edited").exists()


def test_teams_services_rosters_and_people_that_do_not_exist_are_named_together(organisation):
    Service.objects.all().delete()
    unknown = MORE.replace("next_of: platform", "next_of: nowhere").replace("- team: platform", "- team: nobody")
    with pytest.raises(Invalid) as refused:
        apply(document(unknown))
    assert str(refused.value).splitlines() == [
        "escalation_policies[0].levels[0].targets[0].team: there is no team nobody",
        "escalation_policies[0].levels[0].targets[1].next_of: there is no roster nowhere",
        "escalation_policies[1].service: there is no service application",
    ]
    assert not ProceduresRevision.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "P1: 45m",
            "P1: 1s",
            "expected 5s or more",
        ),
        (
            "asks_again_after: 20m",
            "asks_again_after: 2s",
            "expected 5s or more",
        ),
        (
            "repeat_every: 6h",
            "repeat_every: 4h",
            "escalation_repeats: expected more than the time of the last level",
        ),
        ("repeat_every: 1h", "repeat_every: 15m", "expected more than the time of the last level, 15m"),
        ("    repeat_every: 1h\n", "", "missing: repeat_every, as it repeats"),
        ("    repeats: 3\n", "", "expected repeats beside it"),
        ("repeats: 3", "repeats: 11", "expected a number of repeats from 0 to 10"),
        ("    service: application\n", "", "expected exactly one of service and team"),
        (
            "    service: application\n",
            "    service: application\n    team: platform\n",
            "exactly one of service and team",
        ),
        ("severity: P0", "severity: P9", "expected a key of severities: P0, P1, P2, P3"),
        ("outside_hours: wait", "outside_hours: sleep", "expected page or wait or other"),
        ("outside_hours: other", "outside_hours: page", "expected other, as some of the targets are for outside hours"),
        ("            outside_hours: true\n", "", "expected at least one with outside_hours: true"),
        ("round_robin: true", "round_robin: yes please", "expected true or false"),
        ("- role: commander", "- role: king", "expected a key of roles"),
        (
            "- next_of: platform",
            "- {}",
            "expected exactly one of oncall, roster, next_of, team, role,",
        ),
        ("  - severity: P1\n    team: platform", "  - severity: P0\n    service: application", "stands twice"),
        ("      - level: 2", "      - level: 1", "expected a level above 1"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(old, new, problem):
    assert old in MORE
    assert any(problem in said for said in problems(MORE.replace(old, new, 1)))


def test_a_chain_of_a_team_that_lets_people_wait_is_pointed_out(tmp_path):
    file = tmp_path / "more.yml"
    file.write_text(FILE.read_text(encoding="utf-8") + MORE.replace("after: 0m", "after: 5m"), encoding="utf-8")
    assert [warning.path for warning in reading.check(file).warnings] == [
        ("escalation_policies", 0, "levels", 0, "after"), ("escalation_policies", 1, "levels", 0, "after")
    ]  # fmt: skip


def test_reading_what_is_in_force_costs_the_same_with_one_more_policy(in_force, django_assert_num_queries):
    with CaptureQueriesContext(connection) as captured:
        current.document()
    policy = Policy.objects.get(service__isnull=False)
    copied = Policy.objects.create(severity=policy.severity, team=policy.service.team)
    for level in policy.levels.all():
        Level.objects.create(policy=copied, number=level.number, name="Copy", after=level.after, unless=level.unless)
    with django_assert_num_queries(len(captured)):
        current.document()


def simulated(*arguments: str) -> str:
    out = StringIO()
    call_command("simulate", "--severity", "P0", "--service", "application", *arguments, stdout=out)
    return out.getvalue()


def test_the_simulation_tells_rounds_and_waits_and_answers(in_force):
    by_night = simulated("--at", "2026-03-02T23:00:00+01:00")
    assert "Level 1, By day and by night: Olga paged" in by_night
    assert "Level 1 of round 4, By day and by night: Olga paged" in by_night
    assert "Level 2 waits: held until 2026-03-03 08:00 UTC, when working hours of Platform begin" in by_night
    answered = simulated("--at", "2026-03-02T23:00:00+01:00", "--acknowledge-after", "10m", "--resolve-after", "50m")
    assert "acknowledged after 10m and resolved after 50m:" in answered
    assert "round 2" not in answered.replace("Rounds 2 to 4 skipped", "")
    assert "Rounds 2 to 4 skipped: resolved" in answered


def test_a_span_that_is_none_is_refused_in_a_sentence(in_force):
    with pytest.raises(CommandError, match="expected a duration such as 15m"):
        simulated("--acknowledge-after", "soon")
