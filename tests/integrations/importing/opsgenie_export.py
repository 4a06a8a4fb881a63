"""An export of Opsgenie's REST API, written by hand after its reference.

The timelines were worked out by hand from what the vendor documents, in Berlin's wall time: its clocks are put forward
on Sunday 29 March 2026, so that offsets change from +01:00 to +02:00.
"""

from __future__ import annotations

from typing import Any

PEOPLE = ("ann", "ben", "cleo", "dan", "eva", "fin", "gus")
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")

#: Rotation by rotation who is on call, and from when; without a name nobody is.
DAYS = [
    ("ben", "2026-03-23T08:00:00+01:00"), ("", "2026-03-23T18:00:00+01:00"),
    ("ann", "2026-03-24T08:00:00+01:00"), ("", "2026-03-24T18:00:00+01:00"),
    ("ben", "2026-03-25T08:00:00+01:00"), ("dan", "2026-03-25T12:00:00+01:00"),
    ("ben", "2026-03-25T14:00:00+01:00"), ("", "2026-03-25T18:00:00+01:00"),
    ("gus", "2026-03-26T08:00:00+01:00"), ("", "2026-03-26T18:00:00+01:00"),
    ("gus", "2026-03-27T08:00:00+01:00"), ("", "2026-03-27T18:00:00+01:00"),
    ("ann", "2026-03-30T08:00:00+02:00"), ("", "2026-03-30T18:00:00+02:00"),
    ("ben", "2026-03-31T08:00:00+02:00"), ("", "2026-03-31T18:00:00+02:00"),
    ("ann", "2026-04-01T08:00:00+02:00"), ("", "2026-04-01T18:00:00+02:00"),
    ("ben", "2026-04-02T08:00:00+02:00"), ("", "2026-04-02T18:00:00+02:00"),
    ("ann", "2026-04-03T08:00:00+02:00"), ("", "2026-04-03T18:00:00+02:00"),
]  # fmt: skip
NIGHTS = [
    ("cleo", "2026-03-23T00:00:00+01:00"), ("", "2026-03-23T08:00:00+01:00"),
    ("dan", "2026-03-23T18:00:00+01:00"), ("", "2026-03-24T08:00:00+01:00"),
    ("dan", "2026-03-24T18:00:00+01:00"), ("", "2026-03-25T08:00:00+01:00"),
    ("dan", "2026-03-25T18:00:00+01:00"), ("", "2026-03-26T08:00:00+01:00"),
    ("dan", "2026-03-26T18:00:00+01:00"), ("", "2026-03-27T08:00:00+01:00"),
    ("dan", "2026-03-27T18:00:00+01:00"), ("", "2026-03-30T08:00:00+02:00"),  # a weekend of 61 hours
    ("cleo", "2026-03-30T18:00:00+02:00"), ("", "2026-03-31T08:00:00+02:00"),
    ("cleo", "2026-03-31T18:00:00+02:00"), ("", "2026-04-01T08:00:00+02:00"),
    ("cleo", "2026-04-01T18:00:00+02:00"), ("", "2026-04-02T08:00:00+02:00"),
    ("cleo", "2026-04-02T18:00:00+02:00"), ("", "2026-04-03T08:00:00+02:00"),
    ("cleo", "2026-04-03T18:00:00+02:00"),
]  # fmt: skip
BACKUP = [
    ("fin", "2026-03-23T00:00:00+01:00"),
    ("dan", "2026-03-25T12:00:00+01:00"),
    ("fin", "2026-03-25T14:00:00+01:00"),
    ("eva", "2026-03-30T08:00:00+02:00"),
]
END = "2026-04-06T00:00:00+02:00"


def export() -> dict[str, Any]:
    """The document: answers as they come, pages in a list."""
    return {
        "users": [
            {"data": [user(name) for name in PEOPLE], "paging": {}, "took": 0.1, "requestId": "r1"},
            {"data": [{**user("zoe"), "blocked": True}], "took": 0.1, "requestId": "r2"},
        ],
        "contacts": {"u-ann": {"data": [
            contact("email", "Ann@Example.com"), contact("sms", "49-1701234567"), contact("voice", "49-1701234567"),
            contact("mobile", "Pixel"), {**contact("sms", "1-2025550199"), "status": {"enabled": False}},
        ]}},
        "teams": [
            {"data": {"id": "t-1", "name": "Platform", "description": "", "members": [
                {"user": {"id": "u-ann", "username": "ann@example.com"}, "role": "admin"},
                {"user": {"id": "u-ben", "username": "ben@example.com"}, "role": "user"},
                {"user": {"id": "u-cleo", "username": "cleo@example.com"}, "role": "night owl"},
            ]}},
        ],
        "schedules": {"data": [platform(), six_hours(), {**six_hours(), "id": "s-3", "enabled": False}]},
        "overrides": {"s-1": {"data": [
            {"alias": "o-1", "user": {"type": "user", "id": "u-dan"}, "rotations": [],
             "startDate": "2026-03-25T12:00:00+01:00", "endDate": "2026-03-25T14:00:00+01:00"},
            {"alias": "o-2", "user": {"type": "user", "id": "u-gus"}, "rotations": [{"id": "r-1", "name": "Days"}],
             "startDate": "2026-03-26T00:00:00+01:00", "endDate": "2026-03-28T00:00:00+01:00"},
        ]}},
        "timelines": {
            "s-1": timeline("2026-03-23T00:00:00+01:00", END, {
                "r-1": periods(DAYS), "r-2": periods(NIGHTS), "r-3": periods(BACKUP),
                "r-4": [{"startDate": "2026-04-04T08:00:00+02:00", "endDate": "2026-04-04T10:00:00+02:00",
                         "type": "default", "recipient": {"type": "escalation", "id": "e-1", "name": "Platform"}}],
            }),
            "s-2": timeline("2026-03-23T00:00:00Z", "2026-03-24T00:00:00Z", {"r-5": [
                period("ann", "2026-03-23T00:00:00Z", "2026-03-23T06:00:00Z"),
                period("ben", "2026-03-23T06:00:00Z", "2026-03-23T10:00:00Z"),
                period("ann", "2026-03-23T22:00:00Z", "2026-03-24T00:00:00Z"),
            ]}),
        },
        "escalations": {"data": [escalation()]},
    }  # fmt: skip


def user(name: str) -> dict[str, Any]:
    return {"id": f"u-{name}", "username": f"{name}@Example.com", "fullName": name.title(), "timeZone": "Europe/Berlin",
            "role": {"id": "User", "name": "User"}, "blocked": False, "verified": True}  # fmt: skip


def contact(method: str, to: str) -> dict[str, Any]:
    return {"id": f"{method} {to}", "method": method, "to": to, "status": {"enabled": True}, "applyOrder": 0}


def platform() -> dict[str, Any]:
    """Working days and nights, which never meet, and a backup that is always on beside them."""
    nights = [hours(day, 18, following, 8) for day, following in zip(WEEK, [*WEEK[1:], "monday"], strict=True)]
    return {
        "id": "s-1", "name": "Platform_schedule", "timezone": "Europe/Berlin", "enabled": True,
        "ownerTeam": {"id": "t-1", "name": "Platform"},
        "rotations": [
            {"id": "r-1", "name": "Days", "type": "daily", "length": 1, "startDate": "2026-03-02T08:00:00+01:00",
             "participants": people("ann", "ben"),
             "timeRestriction": {"type": "weekday-and-time-of-day",
                                 "restrictions": [hours(day, 8, day, 18) for day in WEEK]}},
            {"id": "r-2", "name": "Nights", "type": "weekly", "length": 1, "startDate": "2026-03-02T18:00:00+01:00",
             "participants": people("cleo", "dan"),
             "timeRestriction": {"type": "weekday-and-time-of-day", "restrictions": nights}},
            {"id": "r-3", "name": "Backup", "type": "weekly", "length": 2, "startDate": "2026-03-02T08:00:00+01:00",
             "participants": people("eva", "fin")},
            {"id": "r-4", "name": "Escalated", "type": "daily", "length": 1, "startDate": "2026-04-04T08:00:00+02:00",
             "endDate": "2026-04-04T10:00:00+02:00", "participants": [{"type": "escalation", "id": "e-1"}]},
        ],
    }  # fmt: skip


def six_hours() -> dict[str, Any]:
    return {
        "id": "s-2", "name": "Six_hours", "timezone": "UTC", "enabled": True, "ownerTeam": {"id": "t-1"},
        "rotations": [
            {"id": "r-5", "name": "Turns", "type": "hourly", "length": 6, "startDate": "2026-03-23T00:00:00Z",
             "participants": [*people("ann", "ben", "cleo"), {"type": "none"}][:3],
             "timeRestriction": {"type": "time-of-day",
                                 "restriction": {"startHour": 22, "startMin": 0, "endHour": 10, "endMin": 0}}},
        ],
    }  # fmt: skip


def hours(start_day: str, start: int, end_day: str, end: int) -> dict[str, Any]:
    return {"startDay": start_day, "startHour": start, "startMin": 0, "endDay": end_day, "endHour": end, "endMin": 0}


def people(*names: str) -> list[dict[str, Any]]:
    return [{"type": "user", "id": f"u-{name}", "username": f"{name}@example.com"} for name in names]


def timeline(start: str, end: str, rotations: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    final = [{"id": ref, "name": ref, "order": 1.0, "periods": found} for ref, found in rotations.items()]
    return {"data": {"startDate": start, "endDate": end, "finalTimeline": {"rotations": final}}, "took": 0.1}


def periods(turns: list[tuple[str, str]]) -> list[dict[str, Any]]:
    ends = [start for _, start in turns[1:]] + [END]
    return [period(name, start, end) for (name, start), end in zip(turns, ends, strict=True) if name]


def period(name: str, start: str, end: str) -> dict[str, Any]:
    recipient = {"type": "user", "id": f"u-{name}", "name": f"{name}@example.com"}
    return {"startDate": start, "endDate": end, "type": "default", "recipient": recipient}


def escalation() -> dict[str, Any]:
    def rule(minutes: int, recipient: dict[str, Any], **fields: Any) -> dict[str, Any]:
        delay = {"timeAmount": minutes, "timeUnit": "minutes"}
        return {"condition": "if-not-acked", "notifyType": "default", "delay": delay, "recipient": recipient, **fields}

    schedule = {"type": "schedule", "id": "s-1", "name": "Platform_schedule"}
    return {
        "id": "e-1", "name": "Platform_escalation", "ownerTeam": {"id": "t-1", "name": "Platform"},
        "rules": [
            rule(0, schedule),
            rule(5, schedule, notifyType="next"),
            rule(10, {"type": "user", "id": "u-ann"}),
            rule(10, {"type": "team", "id": "t-1", "name": "Platform"}, notifyType="all"),
            rule(0, {"type": "user", "id": "u-gus"}, condition="if-not-closed",
                 delay={"timeAmount": 1, "timeUnit": "hours"}),
            rule(20, {"type": "schedule", "id": "s-1"}, notifyType="previous"),
        ],
        "repeat": {"waitInterval": 15, "count": 3, "resetRecipientStates": False, "closeAlertAfterAll": True},
    }  # fmt: skip
