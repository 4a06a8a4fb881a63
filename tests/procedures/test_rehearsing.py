"""The page on which one tries the procedures out: what it shows to whom, and that it leaves no trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.catalog.models import Service
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.incidents.models import Incident
from apps.notifications.models import Channel
from apps.procedures import forms, views
from apps.teams.models import TeamRole, User
from tests.escalation.building import House, chain, make_house
from tests.factories.escalation import make_trigger
from tests.factories.teams import make_person, make_team
from tests.factories.transports import served
from tests.worlds import remembered

#: What stands on the page where it shows what would happen.
RESULT = 'id="result-title"'


@pytest.fixture
def house(db, clock) -> House:
    return remembered(("chains", clock.now), make_house)


@pytest.fixture
def service(house: House) -> Service:
    """Its chain pages Olga at once, Tom after 15 minutes, Emma after 60."""
    chain("P0", house.olga, house.tom, house.emma)
    return Service.objects.create(slug="api", name="Public API", team=house.team)


@pytest.fixture
def rehearsed(client, house, service):
    """What the page shows to somebody (by default Olga) for a P0 of the service, with rows of what people do."""

    def page(*rows: dict[str, object], by: User = house.olga, status: int = 200, **more: str) -> str:
        if client.session.get("_auth_user_id") != str(by.pk):  # which signing in writes down
            client.force_login(by)
        asked = {"severity": "P0", "service": "api", "then-TOTAL_FORMS": str(len(rows)), "then-INITIAL_FORMS": "0"}
        for number, row in enumerate(rows):
            asked |= {f"then-{number}-{name}": str(value) for name, value in row.items()}
        answer = client.get(reverse("rehearse"), {**asked, **more})
        assert answer.status_code == status
        return " ".join(answer.content.decode().split())

    return page


def rows_of_every_table() -> dict[str, int]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: model._base_manager.count() for model in models if model._meta.managed}


def test_before_one_asks_it_is_a_form_with_the_services_of_ones_teams(client, house, service):
    Service.objects.create(slug="gone", name="Gone", team=house.team, is_active=False)
    Service.objects.create(slug="theirs", name="Theirs", team=make_team("ai"))
    client.force_login(house.olga)
    page = client.get(reverse("rehearse")).content.decode()
    assert '<option value="api">' in page
    assert "Theirs" not in page
    assert "Gone" not in page
    assert RESULT not in page
    assert page.count('class="deed-row"') == forms.FIRST_ROWS


def test_who_sees_no_team_has_nothing_to_rehearse_and_may_not_by_hand(client, rehearsed, house):
    stranger = make_person("Stranger")
    client.force_login(stranger)
    assert "No service to rehearse with" in client.get(reverse("rehearse")).content.decode()
    assert RESULT not in rehearsed(by=stranger, status=422)
    client.logout()
    assert client.get(reverse("rehearse")).status_code == 302
    client.force_login(house.olga)
    assert client.post(reverse("rehearse"), {"severity": "P0", "service": "api"}).status_code == 405


@pytest.mark.parametrize("role", [TeamRole.STAKEHOLDER, TeamRole.AUDITOR, TeamRole.MANAGER])
def test_whoever_may_see_the_team_may_rehearse(rehearsed, house, role):
    assert "Page to Olga" in rehearsed(by=make_person("Vera", house.team, role))


def test_it_shows_who_is_told_when_and_how_and_which_clock_runs_out(rehearsed, house):
    reach = {"kind": MethodKind.VOICE, "value": "+49 30 12345678", "position": 2, "verified_at": house_clock.now()}
    ContactMethod.objects.create(person=house.olga, **reach)
    with served(Channel.EMAIL, Channel.VOICE):
        page = rehearsed()
    assert page.index("Page to Olga") < page.index("Page to Tom") < page.index("Page to Emma")
    assert "Email, Phone call 2 min later" in page
    assert "Response clock ran out" in page
    assert "After 15 min · " in page


def test_addresses_and_numbers_are_nobody_elses_business(rehearsed, house):
    page = rehearsed(by=make_person("Vera", house.team, TeamRole.STAKEHOLDER))
    assert "example.com" not in page
    assert "INC-" not in page


def test_rows_say_what_people_do_meanwhile(rehearsed, house):
    make_trigger("security", level=3)
    page = rehearsed({"after": "3m", "what": "decline"}, {"after": "5m", "what": "acknowledge", "by": house.tom.pk})
    assert "Acknowledged by Tom after 5 min." in page
    assert "After 3 min · " in page[page.index("Page to Tom") :]
    handed = rehearsed({"after": "4m", "what": "reassign", "whom": house.carl.pk})
    assert "Olga reassigns it to Carl" in handed
    assert "Olga escalates to level 3" in rehearsed({"after": "4m", "what": "impact security"})
    assert rehearsed({}, {}).count("Page to ") == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"what": "note"}, "Expected a duration such as 15m, 2h or 5d, got &#x27;&#x27;."),
        ({"after": "soon", "what": "note"}, "Expected a duration such as 15m, 2h or 5d, got &#x27;soon&#x27;."),
        ({"after": "3m"}, "Choose what is done."),
        ({"after": "3m", "what": "reassign"}, "Choose to whom."),
        ({"after": "3m", "what": "snooze"}, "Select a valid choice."),
        ({"after": "3m", "what": "reassign chain 99999"}, "Select a valid choice."),
        ({"after": "3m", "what": "note", "by": "99999"}, "Select a valid choice."),
    ],
)
def test_a_row_that_says_no_deed_says_what_is_missing(rehearsed, row, said):
    page = rehearsed(row, status=422)
    assert said in page
    assert RESULT not in page


def test_whom_it_is_done_to_is_for_what_is_done_to_people(rehearsed, house):
    assert "is chosen here" in rehearsed({"after": "3m", "what": "note", "whom": house.tom.pk}, status=422)


def test_the_chain_of_another_team_can_be_chosen_by_those_who_see_it_only(rehearsed, house):
    other = chain("P0", house.ceo, team=make_team("ai"))
    row = {"after": "3m", "what": f"reassign chain {other.pk}"}
    assert "Select a valid choice." in rehearsed(row, status=422)
    assert "Page to Ceo" in rehearsed(row, by=make_person("Admin", None, TeamRole.ADMIN))


def test_another_row_keeps_what_was_entered_and_rehearses_nothing(rehearsed):
    page = rehearsed({"after": "3m", "what": "note"}, more="1")
    assert page.count('class="deed-row"') == 2
    assert 'value="3m"' in page
    assert RESULT not in page
    full = [{"after": "3m", "what": "note"}] * forms.MOST_ROWS
    assert "Another row" not in rehearsed(*full)
    assert rehearsed(*full, more="1").count('class="deed-row"') == forms.MOST_ROWS


@pytest.mark.parametrize("total", ["999999999", "-1", "x", ""])
def test_a_number_of_rows_that_cannot_be_is_no_fault(client, house, service, total):
    client.force_login(house.olga)
    asked = {"severity": "P0", "service": "api", "then-TOTAL_FORMS": total, "then-INITIAL_FORMS": "x"}
    assert client.get(reverse("rehearse"), asked).status_code in (200, 422)


def test_a_time_is_read_and_shown_in_the_zone_of_the_viewer_and_one_too_far_is_refused(rehearsed):
    assert "3 Jun 02:30" in rehearsed(at="2026-06-03T02:30")
    assert "ten years from now" in rehearsed(at="9999-06-03T02:30", status=422)
    assert "Enter a valid date/time." in rehearsed(at="2026-13-03T02:30", status=422)


def test_not_a_row_is_left_in_any_table_and_nothing_is_sent(rehearsed, house):
    rehearsed()  # signed in by now
    before = rows_of_every_table()
    deeds = ["decline", "escalate", "hold 15m", "note", "resolve", "reopen", "severity P1", "take commander", "cancel"]
    rehearsed(*({"after": f"{number}m", "what": what} for number, what in enumerate(deeds, start=1)))
    assert {name: count for name, count in rows_of_every_table().items() if before[name] != count} == {}
    assert not Incident.objects.exists()
    assert mail.outbox == []


def test_it_asks_the_database_so_many_times_at_most(rehearsed):
    rehearsed()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        rehearsed({"after": "10m", "what": "acknowledge"}, {"after": "50m", "what": "resolve"})
    assert len(asked) < 450


def test_what_takes_too_long_is_shown_as_far_as_it_came(rehearsed, monkeypatch):
    monkeypatch.setattr(views, "WITHIN", timedelta(0))
    page = rehearsed()
    assert "Cut off here: it took longer than 0 s, and what follows is not simulated." in page
    assert "Page to " not in page


def test_the_list_of_policies_leads_to_it(client, house, service):
    client.force_login(house.olga)
    assert f'href="{reverse("rehearse")}"' in client.get(reverse("policies")).content.decode()
