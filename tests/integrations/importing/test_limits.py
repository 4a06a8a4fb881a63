"""What pages and API do not allow no import keeps either: such a schedule is left out whole, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from apps.rosters.models import Layer, Override, Roster
from tests.integrations.importing import grafana_export, opsgenie_export, pagerduty_export
from tests.integrations.importing.counting import rows

TOO_MANY = 51


def pagerduty(**changes: Any) -> dict[str, Any]:
    """The document with one layer in the first schedule, of TOO_MANY without ``changes``."""
    document = pagerduty_export.export()
    schedule = document["schedules"][0]["schedule"]
    layer = schedule["schedule_layers"][1]
    schedule["schedule_layers"] = [layer | changes] if changes else [layer] * TOO_MANY
    return document


def opsgenie(**changes: Any) -> dict[str, Any]:
    """As ``pagerduty``; the many take turns one after another, so that they are layers of one roster."""
    document = opsgenie_export.export()
    schedule = document["schedules"]["data"][0]
    [first, *_] = schedule["rotations"]
    many = [
        first
        | {
            "id": f"many-{number}",
            "name": f"Many {number}",
            "timeRestriction": {
                "type": "time-of-day",
                "restriction": {
                    "startHour": number * 20 // 60, "startMin": number * 20 % 60,
                    "endHour": (number + 1) * 20 // 60, "endMin": (number + 1) * 20 % 60,
                },
            },
        }
        for number in range(TOO_MANY)
    ]  # fmt: skip
    schedule["rotations"] = [first | changes] if changes else many
    return document


def grafana(**changes: Any) -> dict[str, Any]:
    """As ``pagerduty``; the many lie above one another."""
    document = grafana_export.export()
    weeks = grafana_export.weeks()
    many = [weeks | {"id": f"many-{number}", "level": number} for number in range(TOO_MANY)]
    made = [weeks | changes] if changes else many
    document["on_call_shifts"] = grafana_export.page([*made, grafana_export.late()])
    document["schedules"]["results"][0]["shifts"] = [each["id"] for each in made]
    return document


VENDORS = [
    pytest.param("pagerduty", pagerduty, "Platform Primary", id="PagerDuty"),
    pytest.param("opsgenie", opsgenie, "Platform_schedule", id="Opsgenie"),
    pytest.param("grafana_oncall", grafana, "Primary", id="Grafana OnCall"),
]


@pytest.mark.parametrize(("vendor", "made", "name"), VENDORS)
def test_a_schedule_of_too_many_layers_is_left_out_whole_and_the_rest_is_imported(run, write, vendor, made, name):
    said = f"schedule {name}: It would have 51 layers; a roster has 50 at most."
    assert said in run(vendor, made())
    assert said in write(vendor, made())
    others = list(Roster.objects.values_list("name", flat=True))
    assert others
    assert not [other for other in others if other.startswith(name)]
    before = rows()
    assert "Nothing to change." in write(vendor, made())
    assert rows() == before


def crowd(count: int) -> list[dict[str, Any]]:
    return [grafana_export.user(f"crowd{number}") for number in range(count)]


def with_crowd(document: dict[str, Any], count: int) -> dict[str, Any]:
    document["users"].append(grafana_export.page(crowd(count)))
    return document


@pytest.mark.parametrize(
    ("vendor", "document", "said"),
    [
        pytest.param(
            "grafana_oncall",
            with_crowd(grafana(rolling_users=[[each["id"]] for each in crowd(201)]), 201),
            "201 people take turns; 200 are allowed.",
            id="people",
        ),
        pytest.param(
            "pagerduty",
            pagerduty(start="2150-01-05T09:00:00-05:00", rotation_virtual_start="2150-01-05T09:00:00-05:00"),
            "first day: Expected a day up to 2100-01-01.",
            id="first day",
        ),
        pytest.param(
            "opsgenie",
            opsgenie(endDate="2150-03-02T08:00:00+01:00"),
            "ends on: Expected a day up to 2100-01-01.",
            id="last day",
        ),
    ],
)
def test_a_layer_beyond_what_is_allowed_leaves_its_schedule_out(run, write, vendor, document, said):
    assert said in run(vendor, document)
    report = write(vendor, document)
    assert said in report
    assert Roster.objects.count() == 1


def test_more_at_once_than_there_are_seats_are_left_out(write):
    everybody = [each["id"] for each in crowd(11)]
    report = write(
        "grafana_oncall", with_crowd(grafana(rolling_users=[everybody], start_rotation_from_user_index=0), 11)
    )
    assert "11 people at once; a layer has 10 at most." in report
    assert set(Layer.objects.values_list("roster__name", "at_once")) == {("Late", 1)}


def test_a_roster_that_was_imported_before_stays_as_it_is(write):
    write("pagerduty", pagerduty_export.export())
    before = list(Layer.objects.order_by("pk").values())
    report = write("pagerduty", pagerduty())
    assert "It would have 51 layers" in report
    assert "no longer has it" not in report
    assert list(Layer.objects.order_by("pk").values()) == before


def in_pairs(user: str) -> dict[str, Any]:
    """Two at once, and for some hours tomorrow ``user`` in their place, there alone."""
    document = grafana_export.export()
    override = grafana_export.override() | {"start": "2026-03-03T12:00:00", "rotation_start": "2026-03-03T12:00:00"}
    document["on_call_shifts"] = grafana_export.page([grafana_export.weeks(), override | {"users": user.split()}])
    document["schedules"]["results"] = [document["schedules"]["results"][0] | {"shifts": ["O1", "O4"]}]
    return document


@pytest.mark.parametrize("users", ["U-ann", "U-ben", "U-ben U-ann", "U-gus", "U-gus U-ann"])
def test_who_holds_a_seat_by_a_layer_can_stand_in_for_everybody(write, users):
    write("grafana_oncall", in_pairs("U-cleo"))
    report = write("grafana_oncall", in_pairs(users))
    assert "override" in report
    roster = Roster.objects.get()
    at = Override.objects.earliest("pk").start
    names = {each.removeprefix("U-").title() for each in users.split()}
    held = [shift.person.name.title() for shift in roster.shifts.filter(during__contains=at)]
    assert names <= set(held)
    assert len(set(held)) == len(held) == 2  # nobody holds two seats: of the layer somebody stays in the other
    before = rows()
    assert "Nothing to change." in write("grafana_oncall", in_pairs(users))
    assert rows() == before
