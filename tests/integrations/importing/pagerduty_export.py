"""An export of PagerDuty's REST API, written by hand after its reference.

The final schedules were worked out by hand from what the vendor documents, in New York's wall time: its clocks are put
forward on Sunday 8 March 2026, so that offsets change from -05:00 to -04:00.
"""

from __future__ import annotations

from typing import Any

PEOPLE = {"PANN": "Ann@Example.com", "PBEN": "ben@example.com", "PCLEO": "cleo@example.com", "PDAN": "dan@example.com",
          "PEVA": "eva@example.com", "POLGA": "olga@example.com"}  # fmt: skip

#: Who is on call for the primary schedule, and from when.
PRIMARY = [
    ("PBEN", "2026-03-02T00:00:00-05:00"),
    ("PCLEO", "2026-03-02T09:00:00-05:00"),
    ("PBEN", "2026-03-04T12:00:00-05:00"),  # the override at noon
    ("PCLEO", "2026-03-04T18:00:00-05:00"),
    ("PEVA", "2026-03-06T22:00:00-05:00"),  # Friday night
    ("PCLEO", "2026-03-07T06:00:00-05:00"),
    ("PDAN", "2026-03-07T22:00:00-05:00"),  # the night in which the clocks change
    ("PANN", "2026-03-08T01:00:00-05:00"),  # an override across the change: two hours long
    ("PDAN", "2026-03-08T04:00:00-04:00"),
    ("PCLEO", "2026-03-08T06:00:00-04:00"),
    ("PANN", "2026-03-09T09:00:00-04:00"),  # handed over at nine by the wall clock
    ("PDAN", "2026-03-13T22:00:00-04:00"),
    ("PANN", "2026-03-14T06:00:00-04:00"),
    ("PEVA", "2026-03-14T22:00:00-04:00"),
    ("PANN", "2026-03-15T06:00:00-04:00"),
]
UNTIL = "2026-03-16T00:00:00-04:00"


def export() -> dict[str, Any]:
    """The document, as pages, lists and single answers, which all occur."""
    return {
        "window": {"since": "2026-03-02T00:00:00-05:00", "until": UNTIL},
        "users": [
            {"users": [user("PANN", role="admin"), user("PBEN"), user("PCLEO")], "limit": 3, "more": True},
            {"users": [user("PDAN"), user("PEVA"), user("POLGA", role="observer")], "limit": 3, "more": False},
        ],
        "teams": {"teams": [
            {"id": "PT1", "type": "team", "name": "Platform", "description": "Keeps it running"},
            {"id": "PT2", "type": "team", "name": "Data", "description": None},
        ]},
        "team_members": {
            "PT1": {"members": [
                member("PANN", "manager"), member("PBEN"), member("PCLEO"), member("POLGA", "observer"),
            ]},
            "PT2": {"members": [member("PCLEO")]},
        },
        "schedules": [{"schedule": primary()}, {"schedule": database()}],
        "overrides": {
            "PS1": {"overrides": [
                override("PO1", "PBEN", "2026-03-04T12:00:00-05:00", "2026-03-04T18:00:00-05:00"),
                override("PO2", "PANN", "2026-03-08T01:00:00-05:00", "2026-03-08T04:00:00-04:00"),
                override("PO3", "PGONE", "2026-02-03T01:00:00-05:00", "2026-02-03T04:00:00-05:00"),
            ]},
        },
        "escalation_policies": {"escalation_policies": [policy(), too_long()]},
    }  # fmt: skip


def user(ref: str, role: str = "user") -> dict[str, Any]:
    email = PEOPLE[ref]
    name = email.partition("@")[0].title()
    methods = [
        {"id": f"{ref}M1", "type": "email_contact_method", "summary": "Default", "label": "Default", "address": email},
        {"id": f"{ref}M2", "type": "phone_contact_method", "label": "Mobile", "country_code": 49,
         "address": "1701234567", "blacklisted": False},
        {"id": f"{ref}M3", "type": "sms_contact_method", "label": "Mobile", "country_code": 49,
         "address": "1701234567", "enabled": ref != "PBEN"},
        {"id": f"{ref}M4", "type": "push_notification_contact_method", "label": "Phone", "address": "token"},
    ]  # fmt: skip
    return {"id": ref, "type": "user", "name": name, "email": email, "time_zone": "America/New_York", "role": role,
            "contact_methods": methods if ref in ("PANN", "PBEN") else methods[:1],
            "teams": [], "invitation_sent": False}  # fmt: skip


def member(ref: str, role: str = "responder") -> dict[str, Any]:
    return {"user": {"id": ref, "type": "user_reference"}, "role": role}


def override(ref: str, person: str, start: str, end: str) -> dict[str, Any]:
    return {"id": ref, "start": start, "end": end, "user": {"id": person, "type": "user_reference"}}


def primary() -> dict[str, Any]:
    """Weeks from Monday at nine, above them Friday and Saturday nights, below a layer that is over."""
    ends = [start for _, start in PRIMARY[1:]] + [UNTIL]
    return {
        "id": "PS1", "type": "schedule", "name": "Platform Primary", "time_zone": "America/New_York",
        "teams": [{"id": "PT1", "type": "team_reference"}],
        "schedule_layers": [
            {
                "name": "Weekend nights", "id": "PL3", "start": "2026-03-01T22:00:00-05:00", "end": None,
                "rotation_virtual_start": "2026-03-01T22:00:00-05:00", "rotation_turn_length_seconds": 86_400,
                "users": users("PDAN", "PEVA"),
                "restrictions": [
                    {"type": "weekly_restriction", "start_day_of_week": 5, "start_time_of_day": "22:00:00",
                     "duration_seconds": 28_800},
                    {"type": "weekly_restriction", "start_day_of_week": 6, "start_time_of_day": "22:00:00",
                     "duration_seconds": 28_800},
                ],
            },
            {
                # Changed on a Wednesday afternoon, as an edit on PagerDuty's page does; the turns go on counting.
                "name": "Weeks", "id": "PL2", "start": "2026-02-11T15:23:17-05:00", "end": None,
                "rotation_virtual_start": "2026-01-05T09:00:00-05:00", "rotation_turn_length_seconds": 604_800,
                "users": users("PANN", "PBEN", "PCLEO"), "restrictions": [],
            },
            {
                "name": "Weeks", "id": "PL1", "start": "2026-01-05T09:00:00-05:00", "end": "2026-02-11T15:23:17-05:00",
                "rotation_virtual_start": "2026-01-05T09:00:00-05:00", "rotation_turn_length_seconds": 604_800,
                "users": users("PBEN"), "restrictions": [],
            },
        ],
        "final_schedule": {"name": "Final Schedule", "rendered_schedule_entries": [
            entry(person, start, end) for (person, start), end in zip(PRIMARY, ends, strict=True)
        ]},
    }  # fmt: skip


def database() -> dict[str, Any]:
    """Working hours, and once on a Tuesday morning turns of 90 minutes, for which there is no layer."""
    hours = [(f"2026-03-{day:02}T09:00:00+01:00", f"2026-03-{day:02}T17:00:00+01:00") for day in range(2, 16)]
    hours[1] = ("2026-03-03T11:00:00+01:00", "2026-03-03T17:00:00+01:00")
    return {
        "id": "PS2", "type": "schedule", "name": "Database", "time_zone": "Europe/Berlin",
        "teams": [{"id": "PT2", "type": "team_reference"}],
        "schedule_layers": [
            {
                "name": "Quick turns", "start": "2026-03-03T08:00:00+01:00", "end": "2026-03-03T11:00:00+01:00",
                "rotation_virtual_start": "2026-03-03T08:00:00+01:00", "rotation_turn_length_seconds": 5_400,
                "users": users("PANN", "PBEN"), "restrictions": [],
            },
            {
                "name": "Working hours", "start": "2026-01-01T09:00:00+01:00", "end": None,
                "rotation_virtual_start": "2026-01-01T09:00:00+01:00", "rotation_turn_length_seconds": 86_400,
                "users": users("PCLEO"),
                "restrictions": [
                    {"type": "daily_restriction", "start_time_of_day": "09:00:00", "duration_seconds": 28_800}
                ],
            },
        ],
        "final_schedule": {"rendered_schedule_entries": [
            entry("PANN", "2026-03-03T08:00:00+01:00", "2026-03-03T09:30:00+01:00"),
            entry("PBEN", "2026-03-03T09:30:00+01:00", "2026-03-03T11:00:00+01:00"),
            *(entry("PCLEO", start, end) for start, end in hours),
        ]},
    }  # fmt: skip


def users(*refs: str) -> list[dict[str, Any]]:
    return [{"user": {"id": ref, "type": "user_reference"}} for ref in refs]


def entry(person: str, start: str, end: str) -> dict[str, Any]:
    return {"user": {"id": person, "type": "user_reference", "summary": person}, "start": start, "end": end}


def policy() -> dict[str, Any]:
    return {
        "id": "PE1", "type": "escalation_policy", "name": "Platform default", "num_loops": 2,
        "teams": [{"id": "PT1", "type": "team_reference"}],
        "services": [{"id": "PSV1", "type": "service_reference", "summary": "Checkout API"}],
        "escalation_rules": [
            {"id": "PR1", "escalation_delay_in_minutes": 10, "targets": [{"id": "PS1", "type": "schedule_reference"}]},
            {"id": "PR2", "escalation_delay_in_minutes": 15,
             "escalation_rule_assignment_strategy": {"type": "round_robin"},
             "targets": [{"id": "PANN", "type": "user_reference"}, {"id": "PBEN", "type": "user_reference"}]},
        ],
    }  # fmt: skip


def too_long() -> dict[str, Any]:
    """Seven rules, of which one names a schedule that is not there."""
    rules = [{"escalation_delay_in_minutes": 5, "targets": [{"id": "PCLEO", "type": "user_reference"}]}] * 6
    lost = {"escalation_delay_in_minutes": 5, "targets": [{"id": "PNOPE", "type": "schedule_reference"}]}
    return {"id": "PE2", "name": "Data", "num_loops": 0, "services": [], "escalation_rules": [lost, *rules],
            "teams": [{"id": "PT2", "type": "team_reference"}]}  # fmt: skip
