"""``manage.py coverage``."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.rosters import actions as rosters
from apps.rosters.models import Layer, Roster
from tests.desk.covering import make_roster, plant_gap
from tests.factories.teams import make_person, make_team


@pytest.fixture
def roster(house, clock):
    """Rita, then Cora, a day each, handed over at nine in Berlin; the platform team's own."""
    return make_roster(clock, house.platform, "platform", house.rita, house.cora)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("coverage", *arguments, stdout=out)
    return out.getvalue()


def test_it_tells_what_is_missing_and_who_bears_what(roster, house, clock):
    plant_gap(clock, house.rita, house.cora)
    house.cora.contact_methods.all().delete()
    told = said()
    assert told.startswith("1 roster, the next 90 days: Mon 2026-03-02 10:00 to Sun 2026-05-31 10:00 UTC")
    for line in (
        "Services with nobody to page now: none",
        "Gaps: 1\n  platform: Thu 2026-03-05 11:00 to 16:00 CET\n",
        "  platform: only Rita can be paged\n",
        "  platform: Cora cannot be paged and is on call for",
        "Without a verified contact method: 1\n  cora@example.com\n",
        "Strain: none",
        "Unequal shares: none",
    ):
        assert line in told
    [rita] = [line.split() for line in told.splitlines() if line.startswith("  rita@example.com")]
    assert len(rita) == 9
    assert float(rita[1]) == pytest.approx(sum(map(float, rita[2:6])), abs=0.3)


def test_one_of_two_is_no_gap_and_told_apart(roster, house, clock):
    roster.layers.update(at_once=2)
    rosters.materialise(roster, now=clock.now)
    plant_gap(clock, house.cora)
    told = said("--strict")
    assert "Gaps: none\n\nFewer people than wanted: 1\n  platform: 1 of 2, Thu 2026-03-05 11:00 to 16:00 CET\n" in told
    [found] = json.loads(said("--json", "--days", "30"))["rosters"]
    assert (found["gaps"], len(found["shortages"])) == ([], 1)
    assert found["shortages"][0] == {
        "start": "2026-03-05T10:00:00Z", "end": "2026-03-05T15:00:00Z", "seconds": 5 * 3600, "held": 1, "wanted": 2,
        "since": "2026-03-05T10:00:00Z", "until": "2026-03-05T15:00:00Z",
    }  # fmt: skip


def test_as_data(roster, house, clock):
    plant_gap(clock, house.rita, house.cora)
    told = json.loads(said("--json", "--days", "30"))
    assert (told["from"], told["to"]) == ("2026-03-02T10:00:00Z", "2026-04-01T10:00:00Z")
    [found] = told["rosters"]
    assert (found["roster"], found["team"], found["unequal"], found["single_points"]) == (
        "platform",
        "platform",
        [],
        [],
    )
    assert found["gaps"] == [
        {
            "start": "2026-03-05T10:00:00Z",
            "end": "2026-03-05T15:00:00Z",
            "seconds": 5 * 3600,
            "since": "2026-03-05T10:00:00Z",
            "until": "2026-03-05T15:00:00Z",
        }
    ]
    cora, rita = told["people"]
    assert rita["person"] == {"id": house.rita.pk, "email": "rita@example.com", "name": "Rita"}
    assert cora["seconds"]["total"] + rita["seconds"]["total"] == (30 * 24 - 5) * 3600
    assert (rita["pages"], rita["pages_at_night"], rita["can_be_paged"], rita["rosters"]) == (0, 0, True, ["platform"])
    assert told["services_without_anybody"] == []


def test_of_one_team_or_one_roster(roster, house, clock):
    make_roster(clock, house.ai, "ai", house.ella)
    both = json.loads(said("--json"))
    assert [each["roster"] for each in both["rosters"]] == ["ai", "platform"]
    for narrowed in (said("--json", "--team", "ai"), said("--json", "--roster", "ai")):
        assert [each["roster"] for each in json.loads(narrowed)["rosters"]] == ["ai"]


def test_hours_for_pay(roster, house, clock):
    told = said("--csv", "--from", "2026-03-03", "--to", "2026-03-09")
    rows = list(csv.DictReader(StringIO(told)))
    assert [row["email"] for row in rows] == ["cora@example.com", "rita@example.com"]
    assert sum(float(row["total_hours"]) for row in rows) == 7 * 24


def test_hours_for_pay_are_by_default_those_of_the_coming_days(roster, clock):
    [row, *_] = csv.DictReader(StringIO(said("--csv", "--days", "7")))
    assert (row["from"], row["to"]) == ("2026-03-02", "2026-03-08")


def test_hours_in_a_retired_roster_are_paid_and_no_gap(roster, house, clock):
    manager = make_person("Mona", house.platform, "manager")
    clock.shift(days=2)
    rosters.retire(roster, by=manager)
    assert said().startswith("0 rosters")
    with pytest.raises(CommandError, match=r"Platform on call was retired on 2026-03-04: nobody needs to be on call"):
        said("--roster", "platform")
    assert "rita@example.com" in said("--csv", "--roster", "platform")
    rows = csv.DictReader(StringIO(said("--csv", "--from", "2026-03-01", "--to", "2026-03-31")))
    assert sum(float(row["total_hours"]) for row in rows) == 48


def test_strict_ends_with_1_where_there_is_a_gap_and_still_tells(roster, house, clock, capsys):
    assert "Gaps: none" in said("--strict")
    plant_gap(clock, house.rita, house.cora)
    assert "Gaps: 1" in said()
    out = StringIO()
    with pytest.raises(CommandError, match=r"^1 gap\.$"):
        call_command("coverage", "--strict", stdout=out)
    assert "Gaps: 1" in out.getvalue()


def test_without_rosters_there_is_nothing_to_tell(db, clock):
    assert said().startswith("0 rosters, the next 90 days")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", "0"], "Expected 1 to 119 days"),
        (["--days", "120"], "Expected 1 to 119 days"),
        (["--team", "nobody"], 'There is no team "nobody". Known: ai, platform.'),
        (["--roster", "nowhere"], 'There is no roster "nowhere" there. Known: platform.'),
        (["--team", "ai", "--roster", "platform"], 'There is no roster "platform" there.'),
        (["--from", "2026-03-01"], "--from and --to go with --csv"),
        (["--csv", "--from", "March"], "--from March: expected a day"),
        (["--csv", "--from", "2026-03-02", "--to", "2026-03-01"], "The last day is not before the first."),
        (["--csv", "--json"], "not allowed with"),
    ],
)
def test_what_cannot_be_is_said(roster, arguments, message):
    with pytest.raises(CommandError, match=message.replace(".", r"\.")):
        said(*arguments)


def test_help_says_what_each_option_does(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("coverage", "--help")
    assert ended.value.code == 0
    assert "--strict" in capsys.readouterr().out


def test_it_costs_the_same_for_many_rosters(roster, house, clock):
    office = Roster.objects.create(slug="office", name="Office", team=house.platform)
    Layer.objects.create(roster=office, name="Office", starts_on=clock.now.date())
    with CaptureQueriesContext(connection) as few:
        said()
    for number in range(10):
        make_roster(clock, make_team(f"t{number}"), f"r{number}", make_person(f"P{number}"))
    with CaptureQueriesContext(connection) as many:
        said()
    assert len(many) == len(few)
