"""The history of an incident as an auditor reads it: who, when, from what to what."""

from __future__ import annotations

from apps.incidents import actions
from apps.incidents.models import Via


def test_a_change_is_named_after_whoever_made_it_by_whatever_way_and_told_in_words(incident, house, rita, clock):
    clock.shift(minutes=6)
    actions.acknowledge(incident.pk, by=house.rita, via=Via.EMAIL)
    acknowledged = incident.history.latest()
    assert (acknowledged.history_user, acknowledged.history_date) == (house.rita, clock.now)
    page = rita.get(f"{incident.get_absolute_url()}history/").content.decode()
    assert "Public API" in page
    assert "empty</del> → Rita" in page
    assert "Deleted" not in page
    assert "&lt;" not in page


def test_times_within_a_change_are_in_the_viewers_zone_like_the_time_of_the_change(incident, house, rita, clock):
    house.rita.time_zone = "Asia/Kolkata"
    house.rita.save()
    clock.shift(minutes=6)
    actions.acknowledge(incident.pk, by=house.rita, via=Via.WEB)
    page = rita.get(f"{incident.get_absolute_url()}history/").content.decode()
    assert "empty</del> → 15:36 IST" in page
    assert "UTC" not in page
