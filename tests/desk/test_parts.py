"""The incident page keeps itself fresh: parts that are rendered alone, and the pulse that says when."""

from __future__ import annotations

import pytest

from apps.desk.incident_page import PARTS
from apps.engine.runner import run_due
from apps.incidents import actions


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_rendered_alone(incident, rita, name):
    answer = rita.get(f"{incident.get_absolute_url()}parts/{name}/").content.decode()
    assert f'id="part-{name}"' in answer
    assert "<html" not in answer


def test_a_level_that_will_not_be_paged_any_more_says_so_instead_of_a_time(incident, house, rita, clock):
    ladder = f"{incident.get_absolute_url()}parts/escalation/"
    run_due()
    assert "Will be skipped" not in rita.get(ladder).content.decode()
    assert "10:15 UTC" in rita.get(ladder).content.decode()
    clock.shift(minutes=6)
    actions.acknowledge(incident.pk, by=house.rita)
    page = rita.get(ladder).content.decode()
    assert page.count("Will be skipped: acknowledged after 6 min") == 1
    assert "10:15 UTC" not in page
    assert "11:00 UTC" in page


def test_a_part_that_does_not_exist_is_not_there(incident, rita):
    assert rita.get(f"{incident.get_absolute_url()}parts/nothing/").status_code == 404


def test_the_pulse_is_silent_until_something_happens(incident, house, rita):
    pulse = f"{incident.get_absolute_url()}pulse/"
    seen = incident.timeline.last().pk
    assert rita.get(pulse, {"since": seen}).status_code == 204
    actions.add_note(incident.pk, text="Looking", by=house.rita)
    answer = rita.get(pulse, {"since": seen})
    assert answer["HX-Trigger"] == "incident-changed"
    assert f"since={incident.timeline.last().pk}" in answer.content.decode()


def test_the_page_starts_its_pulse_at_what_it_shows(incident, rita):
    page = rita.get(incident.get_absolute_url()).content.decode()
    assert f"pulse/?since={incident.timeline.last().pk}" in page


def test_the_timeline_shows_the_newest_and_offers_the_rest(incident, house, rita, monkeypatch):
    monkeypatch.setattr("apps.desk.timeline.SHOWN", 2)
    actions.add_note(incident.pk, text="The newest note", by=house.rita)
    page = rita.get(f"{incident.get_absolute_url()}parts/timeline/").content.decode()
    assert "The newest note" in page
    assert f"Show {incident.timeline.count() - 2} older events" in page
    everything = rita.get(f"{incident.get_absolute_url()}timeline/").content.decode()
    assert everything.count('class="mark') == incident.timeline.count()
