"""``simulate --then``: whatever one can do about an incident, done in a simulation."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.catalog.models import Service
from apps.escalation.models import Policy
from apps.escalation.rules import FACTS
from apps.incidents.models import ImpactAssessment, ResponseRole, RoleCandidate
from apps.procedures.answers import STATED
from tests.escalation.building import House, chain, make_house
from tests.factories.escalation import make_trigger
from tests.worlds import remembered


@pytest.fixture
def house(db, clock) -> House:
    """People whom chains can page, and no chain yet."""
    return remembered(("chains", clock.now), make_house)


@pytest.fixture
def service(house: House) -> Service:
    """Its chain pages Olga at once, Tom after 15 minutes, Emma after 60."""
    chain("P0", house.olga, house.tom, house.emma)
    return Service.objects.create(slug="api", name="API", team=house.team)


def happens(*deeds: str) -> list[tuple[float, str]]:
    """What the command prints as data: minute and text of each moment."""
    out = StringIO()
    call_command("simulate", severity="P0", service="api", then=list(deeds), json=True, stdout=out)
    return [(moment["minute"], moment["text"]) for moment in json.loads(out.getvalue())]


def pages(*deeds: str) -> list[tuple[float, str]]:
    """Minute and receiver of each page."""
    return [(at, text.removeprefix("Page to ")) for at, text in happens(*deeds) if text.startswith("Page to ")]


NOBODY_ANSWERS = [(0, "Olga"), (15, "Tom"), (60, "Emma")]


def test_without_a_word_everybody_is_paged_at_their_time(service):
    assert pages() == NOBODY_ANSWERS


def test_whoever_was_paged_first_takes_it_on_unless_another_is_named(service, house):
    assert (10, "Acknowledged by Olga after 10 min.") in happens("10m acknowledge")
    assert pages("10m acknowledge") == [(0, "Olga"), (60, "Emma")]
    assert (20, "Acknowledged by Tom after 20 min.") in happens("20m acknowledge by tom@example.com")
    assert (20, "Acknowledged by Tom after 20 min.") in happens("20m acknowledge by TOM@example.com")


def test_what_somebody_may_not_do_is_refused_them_as_it_would_be(service):
    assert (3, "Refused: Ceo has no right to respond here.") in happens("3m acknowledge by ceo@example.com")


def test_who_declines_hands_on_and_the_next_to_decline_is_who_was_paged_then(service):
    assert pages("3m decline") == [(0, "Olga"), (3, "Tom"), (60, "Emma")]
    assert pages("3m decline", "5m decline") == [(0, "Olga"), (3, "Tom"), (5, "Emma")]
    assert (5, "Acknowledged by Tom after 5 min.") in happens("3m decline", "5m acknowledge")


def test_one_raises_to_the_next_level_to_one_by_number_and_by_a_trigger(service):
    make_trigger("cause_unclear", level=2)
    assert pages("3m escalate")[1] == (3, "Tom")
    assert pages("3m escalate L3")[1:] == [(3, "Emma")]
    assert pages("3m escalate 3") == pages("3m escalate L3")
    assert pages("3m escalate cause_unclear")[1] == (3, "Tom")


def test_a_hold_keeps_levels_waiting_until_its_end(service):
    assert (35, "Tom") in pages("5m hold 30m")
    assert (15, "Tom") not in pages("5m hold 30m")
    assert pages("5m hold 30m", "20m go-on") == [(0, "Olga"), (20, "Tom"), (60, "Emma")]
    assert (5, "Refused: A hold lasts between 1 minute and 24 hours.") in happens("5m hold 2d")


def test_it_is_handed_to_people_or_to_another_chain(service, house):
    assert pages("8m reassign carl@example.com")[1] == (8, "Carl")
    chain("P1", house.ceo)
    assert pages(f"8m reassign chain {Policy.objects.get(severity__code='P1').pk}") == [(0, "Olga"), (8, "Ceo")]


def test_others_are_asked_to_respond_and_answer(service):
    assert (4, "Carl") in [(at, text.rpartition(" ")[2]) for at, text in happens("4m ask carl@example.com")]
    told = happens("4m ask carl@example.com", "6m acknowledge by carl@example.com")
    assert (6, "Carl responds, as Olga asked.") in told


def test_a_role_that_somebody_takes_asks_no_backup(service, house):
    commander = ResponseRole.objects.get(key="commander")
    RoleCandidate.objects.create(role=commander, position=1, title="Primary", person=house.carl)
    RoleCandidate.objects.create(role=commander, position=2, title="Backup", person=house.ceo)
    assert any("Ceo asked to take Commander as backup" in text for _, text in happens())
    taken = happens("2m take commander by carl@example.com")
    assert not any("Ceo" in text for _, text in taken)
    assert (2, "Carl takes Commander.") in taken


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_of_the_impact_raises_by_its_trigger(service, fact):
    make_trigger(fact, level=3)
    assert pages(f"3m impact {fact}")[1:] == [(3, "Emma")]


def test_what_states_a_fact_states_that_one_alone():
    assert STATED.keys() == FACTS.keys()
    for key, known in STATED.items():
        assert {fact for fact, holds in FACTS.items() if holds(ImpactAssessment(**known))} == {key}


def test_another_severity_takes_its_own_chain(service, house):
    chain("P1", house.carl, house.ceo)
    assert pages("20m severity P1") == [(0, "Olga"), (15, "Tom")]
    assert (5, "Carl") not in pages("5m severity P1")
    assert pages("5m severity P1")[1] == (15, "Ceo")


def test_what_is_over_pages_nobody_and_begins_anew_when_it_is_not(service):
    assert pages("10m resolve") == [(0, "Olga")]
    assert pages("10m cancel") == [(0, "Olga")]
    assert (30, "Olga") in pages("10m resolve", "30m reopen")
    assert (45, "Tom") in pages("10m resolve", "30m reopen")


def test_the_text_says_what_was_done(service):
    out = StringIO()
    call_command("simulate", severity="P0", service="api", acknowledge_after="5m", then=["9m note"], stdout=out)
    assert "acknowledged after 5m and then 9m note:" in out.getvalue().splitlines()[0]


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("9m snooze", 'then "9m snooze": expected one of acknowledge, .*; got .snooze.'),
        ("9m decline by nobody@example.com", "There is nobody with the address nobody@example.com"),
        ("9m escalate sunspots", "There is no trigger or level sunspots. Known: cause_unclear"),
        ("9m escalate L7", "There is no trigger or level L7"),
        ("9m take captain", "There is no response role captain. Known: commander, technical_lead, communications_lead"),
        ("9m impact weather", "There is no fact of an impact weather. Known: several_customers, revenue, security"),
        ("9m severity P9", "There is no severity P9. Known: P0, P1, P2, P3"),
        ("9m reassign chain 999999", "There is no policy 999999"),
        ("9m reassign chain 99999999999999999999999", "There is no policy 9999"),
        ("9m hold 90s", "A hold lasts whole minutes, not 90s"),
    ],
)
def test_what_there_is_not_is_named_with_what_there_is(service, deed, said):
    make_trigger("cause_unclear", level=2)
    with pytest.raises(CommandError, match=said):
        happens(deed)
