"""Trying the procedures out: what the engine would do, and not a trace of it afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from apps.catalog.models import Service
from apps.contacts import serving
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.engine.models import Timer
from apps.escalation.models import OutsideHours
from apps.incidents.models import Incident, Severity
from apps.integrations.models import Connection
from apps.integrations.steps import bringing
from apps.notifications.models import Notification
from apps.procedures import simulation
from apps.procedures.answers import acknowledged, declined, escalated, noted, reassigned, resolved
from apps.procedures.simulation import simulate
from apps.procedures.story import CUT_OFF
from apps.rosters.models import Shift
from apps.teams.models import TeamRole, User
from tests.escalation.building import make_level, repeat
from tests.factories.escalation import make_chain
from tests.factories.procedures import put_in_force
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(clock):
    return put_in_force()


@pytest.fixture
def service(document):
    team = make_team()
    put_on_call(team, make_person("Olga", team, TeamRole.RESPONDER))
    return Service.objects.create(slug="application", name="Application", team=team)


@pytest.mark.parametrize("code", ["P0", "P1", "P2", "P3"])
def test_it_tells_every_level_at_its_minute_by_the_numbers_of_the_file(document, service, clock, code):
    moments = simulate(Severity.objects.get(code=code), service, at=clock.now)
    fired = [moment.minute for moment in moments if moment.kind == "level_fired"]
    assert fired == [level.after.total_seconds() / 60 for level in document.escalation[code]]


def test_it_tells_which_clock_would_run_out_and_by_what_people_would_be_told(service, clock):
    moments = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    assert [moment.minute for moment in moments if moment.text.startswith("Response clock ran out")] == [15]
    assert [moment.minute for moment in moments if moment.text.startswith("Resolution clock ran out")] == [120]
    first = next(moment for moment in moments if moment.kind == "page")
    assert [(told.person, told.channel, told.address) for told in first.told] == [("Olga", "email", "olga@example.com")]


@pytest.fixture
def olgas_call(service, monkeypatch):
    """Two minutes after the mail Olga's phone rings."""
    monkeypatch.setattr(serving, "_served", {MethodKind.EMAIL: lambda: True, MethodKind.VOICE: lambda: True})
    ContactMethod.objects.create(
        person=User.objects.get(name="Olga"), kind=MethodKind.VOICE, value="+49 30 12345678", position=2,
        verified_at=house_clock.now(),
    )  # fmt: skip


def told_of_the_first_page(clock, *answers):
    moments = simulate(Severity.objects.get(code="P0"), Service.objects.get(), at=clock.now, answers=answers)
    first = next(moment for moment in moments if moment.kind == "page")
    return [(told.channel, told.after) for told in first.told]


def test_it_tells_by_what_each_person_is_reached_when_and_what_an_answer_spares_them(olgas_call, clock):
    assert told_of_the_first_page(clock) == [("email", 0), ("voice", 2)]
    assert told_of_the_first_page(clock, acknowledged(timedelta(minutes=2))) == [("email", 0), ("voice", 2)]
    assert told_of_the_first_page(clock, acknowledged(timedelta(minutes=1))) == [("email", 0)]


def test_the_command_says_how_much_later_the_phone_rings(olgas_call):
    out = StringIO()
    call_command("simulate", severity="P0", service="application", stdout=out)
    [page] = [line for line in out.getvalue().splitlines() if "Page to Olga" in line]
    assert page.endswith("Page to Olga by email to olga@example.com, 2 min later by voice to +49 30 12345678")
    assert "/The incident" not in out.getvalue()
    assert all(line.startswith("  +") for line in out.getvalue().splitlines()[1:])


def test_nothing_is_left_of_it_and_nothing_was_sent(service, clock):
    before = Timer.objects.count()
    simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    assert Timer.objects.count() == before
    assert not Incident.objects.exists()
    assert not Notification.objects.exists()
    assert mail.outbox == []


def test_no_provider_is_asked_though_one_is_connected(service, clock, monkeypatch):
    Connection.objects.create(provider="pagerduty", team=None, told={}, secrets={"routing_key": "R" * 32})
    monkeypatch.setattr(bringing, "bring", lambda *_: pytest.fail("a provider was asked"))
    assert simulate(Severity.objects.get(code="P3"), service, at=clock.now)


def test_the_command_prints_text_or_data_and_names_what_it_does_not_know(service):
    text, data = StringIO(), StringIO()
    call_command("simulate", "--severity", "P0", "--service", "application", stdout=text)
    assert "Level 5" in text.getvalue()
    call_command("simulate", "--severity", "P0", "--service", "application", "--json", stdout=data)
    assert json.loads(data.getvalue())[0]["kind"] == "declared"
    with pytest.raises(CommandError, match="no severity P9"):
        call_command("simulate", "--severity", "P9", "--service", "application")
    with pytest.raises(CommandError, match="no service nowhere"):
        call_command("simulate", "--severity", "P0", "--service", "nowhere")
    with pytest.raises(CommandError, match="expected a time with an offset"):
        call_command("simulate", "--severity", "P0", "--service", "application", "--at", "2026-03-02T03:00")


def told(*arguments: str) -> str:
    """What the command prints for a P0 of the application."""
    out = StringIO()
    call_command("simulate", "--severity", "P0", "--service", "application", *arguments, stdout=out)
    return out.getvalue()


def test_times_are_told_with_the_offset_that_was_asked_in_and_else_in_the_zone_of_the_team(service):
    asked = told("--at", "2026-03-03T02:30:00-05:00")
    assert "2026-03-03 02:30:00-05:00  " in asked
    assert "2026-03-03 02:45:00-05:00  " in asked
    assert "2026-03-02 11:00:00+01:00  " in told()


def test_data_tell_times_in_iso_8601_and_utc(service):
    moments = json.loads(told("--json", "--at", "2026-03-03T02:30:00+02:00"))
    assert moments[0]["at"] == "2026-03-03T00:30:00Z"
    assert {moment["at"][10] + moment["at"][-1] for moment in moments} == {"TZ"}


@pytest.mark.parametrize("at", ["9999-12-31T23:59:00Z", "0001-01-01T00:00:00+14:00", "2036-04-01T00:00:00Z"])
def test_an_instant_beyond_ten_years_is_refused_in_a_sentence(service, at):
    with pytest.raises(CommandError, match="is more than ten years from now"):
        told("--at", at)


def test_where_no_shifts_are_planned_yet_it_says_so_instead_of_only_that_nobody_could_be_paged(service, clock):
    until = Shift.objects.latest("during").end
    beyond = simulate(Severity.objects.get(code="P0"), service, at=until + timedelta(days=30))
    assert [moment.kind for moment in beyond][:2] == ["declared", "not_planned"]
    assert beyond[1].text == f"No shifts of Platform are planned after {until:%Y-%m-%d %H:%M} UTC: " + (
        "nobody is found on call there."
    )
    assert any(moment.text.startswith("Level 1 skipped") for moment in beyond)
    across = simulate(Severity.objects.get(code="P0"), service, at=until - timedelta(hours=1))
    assert [moment.at for moment in across if moment.kind == "not_planned"] == [until]


def test_where_shifts_are_planned_or_the_roster_is_empty_nothing_is_said_about_planning(service, document, clock):
    planned = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    Shift.objects.all().delete()
    empty = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    assert "not_planned" not in {moment.kind for moment in [*planned, *empty]}
    assert any(moment.text.startswith("Level 1 skipped: nobody could be paged") for moment in empty)


def test_what_would_go_on_for_ever_is_cut_off_and_says_so(service, clock, monkeypatch):
    whole = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    monkeypatch.setattr(simulation, "MOST_MOMENTS", 20)
    cut = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    assert cut[-1].kind == CUT_OFF
    assert cut[-1].text == "Cut off here: more than 20 things would happen, and what follows is not simulated."
    before = [moment for moment in whole if moment.at < cut[-1].at]
    assert cut[: len(before)] == before
    assert set(cut[:-1]) < set(whole)
    late = simulate(Severity.objects.get(code="P0"), service, at=clock.now, answers=[acknowledged(timedelta(days=9))])
    assert late == cut, "an answer after the cut is not given"


def test_what_ends_by_itself_is_not_cut_off(service, clock):
    answers = [acknowledged(timedelta(minutes=5)), resolved(timedelta(minutes=20))]
    moments = simulate(Severity.objects.get(code="P0"), service, at=clock.now, answers=answers)
    assert CUT_OFF not in {moment.kind for moment in moments}


def test_rounds_that_waited_for_the_same_hour_are_told_apart(service, clock):
    clock.set(clock.now.replace(hour=1))
    policy = make_chain("P0", [make_person("Tom")], minutes=(0,), service=service)
    repeat(policy, times=2, every=timedelta(minutes=30))
    make_level(policy, 1, outside_hours=OutsideHours.WAIT)
    moments = simulate(Severity.objects.get(code="P0"), service, at=clock.now)
    pages = [moment for moment in moments if moment.kind == "page" and moment.level == 1]
    assert len({page.at for page in pages}) == 1
    assert [page.round for page in pages] == [1, 2, 3]


def test_whoever_declines_lets_the_chain_go_on_at_once(service, clock):
    olga, tom = User.objects.get(name="Olga"), make_person("Tom")
    make_chain("P0", [olga, tom], minutes=(0, 15), service=service)
    moments = simulate(
        Severity.objects.get(code="P0"), service, at=clock.now, answers=[declined(timedelta(minutes=3), by=olga)]
    )
    assert next((page.level, page.minute) for page in moments if page.text == "Page to Tom") == (2, 3)


def test_whom_it_is_handed_to_is_paged_at_once(service, clock):
    tom = make_person("Tom")
    answers = [acknowledged(timedelta(minutes=2)), reassigned(timedelta(minutes=4), people=[tom])]
    moments = simulate(Severity.objects.get(code="P0"), service, at=clock.now, answers=answers)
    assert next((page.level, page.minute) for page in moments if page.text == "Page to Tom") == (None, 4)


def test_what_somebody_writes_breaks_the_silence(service, clock):
    olga = User.objects.get(name="Olga")
    policy = make_chain("P0", [olga], minutes=(0,), service=service)
    policy.asks_again_after = timedelta(minutes=30)
    policy.save()
    answers = [acknowledged(timedelta(minutes=5)).given_by(olga), noted(timedelta(minutes=25)).given_by(olga)]
    answers.append(resolved(timedelta(minutes=70)).given_by(olga))
    moments = simulate(Severity.objects.get(code="P0"), service, at=clock.now, answers=answers)
    assert [moment.minute for moment in moments if moment.kind == "asked_again"] == [55]


def test_a_level_that_is_asked_for_pages_at_once(service, clock):
    tom = make_person("Tom")
    make_chain("P0", [User.objects.get(name="Olga"), tom], minutes=(0, 60), service=service)
    moments = simulate(
        Severity.objects.get(code="P0"), service, at=clock.now, answers=[escalated(timedelta(minutes=3))]
    )
    assert next((page.level, page.minute) for page in moments if page.text == "Page to Tom") == (2, 3)
