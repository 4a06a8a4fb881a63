"""An export of Grafana OnCall's HTTP API, written by hand after its reference.

The final shifts were worked out by hand from what the vendor documents, in UTC: Berlin's clocks are put forward on
Sunday 29 March 2026, so that nine o'clock is at 08:00 UTC before and at 07:00 UTC after.
"""

from __future__ import annotations

from typing import Any

PEOPLE = ("ann", "ben", "cleo", "dan", "eva", "fin", "gus")

#: Who is on call for the primary schedule, together, and from when.
PRIMARY = [
    ("ann ben", "2026-03-23T00:00:00Z"),
    ("eva", "2026-03-23T08:00:00Z"), ("cleo dan", "2026-03-23T16:00:00Z"),
    ("fin", "2026-03-24T08:00:00Z"), ("cleo dan", "2026-03-24T16:00:00Z"),
    ("gus", "2026-03-25T08:00:00Z"), ("cleo dan", "2026-03-25T16:00:00Z"),
    ("eva", "2026-03-26T08:00:00Z"), ("cleo dan", "2026-03-26T16:00:00Z"),
    ("fin", "2026-03-27T08:00:00Z"), ("cleo dan", "2026-03-27T16:00:00Z"),
    ("ann", "2026-03-28T09:00:00Z"), ("cleo dan", "2026-03-28T12:00:00Z"),  # the single event
    ("gus", "2026-03-28T23:00:00Z"), ("cleo dan", "2026-03-29T04:00:00Z"),  # the override: five hours
    ("gus", "2026-03-30T07:00:00Z"), ("ann ben", "2026-03-30T15:00:00Z"),
    ("eva", "2026-03-31T07:00:00Z"), ("ann ben", "2026-03-31T15:00:00Z"),
    ("fin", "2026-04-01T07:00:00Z"), ("ann ben", "2026-04-01T15:00:00Z"),
    ("gus", "2026-04-02T07:00:00Z"), ("ann ben", "2026-04-02T15:00:00Z"),
    ("eva", "2026-04-03T07:00:00Z"), ("ann ben", "2026-04-03T15:00:00Z"),
]  # fmt: skip
#: Mondays and Wednesdays from 20:00 to 08:00 in New York.
LATE = [(f"2026-{day}T00:00:00Z", f"2026-{day}T12:00:00Z") for day in ("03-24", "03-26", "03-31", "04-02")]
END = "2026-04-06T00:00:00Z"


def export() -> dict[str, Any]:
    """The document: pages of answers in a list, or one answer, or the bare list."""
    ends = [start for _, start in PRIMARY[1:]] + [END]
    return {
        "window": {"start_date": "2026-03-23", "end_date": "2026-04-06"},
        "users": [page([user(name) for name in PEOPLE[:4]]), page([user(name) for name in PEOPLE[4:]])],
        "teams": page([{"id": "T1", "name": "Platform", "email": "", "avatar_url": ""}]),
        "schedules": page([
            {"id": "S1", "type": "web", "name": "Primary", "team_id": "T1", "time_zone": "Europe/Berlin",
             "shifts": ["O1", "O2", "O3", "O4", "O5"], "on_call_now": ["U-ann"], "slack": None},
            {"id": "S2", "type": "calendar", "name": "Late", "team_id": "T1", "time_zone": "America/New_York",
             "shifts": ["O6"], "ical_url_overrides": None},
            {"id": "S3", "type": "ical", "name": "Calendar", "team_id": "T1",
             "ical_url_primary": "https://example.com/calendar.ics"},
        ]),
        "on_call_shifts": page([weeks(), days(), once(), override(), monthly(), late()]),
        "final_shifts": {
            "S1": page([
                final(name, start, end)
                for (names, start), end in zip(PRIMARY, ends, strict=True) for name in names.split()
            ]),
            "S2": page([final("ann", start, end) for start, end in LATE]),
        },
        "escalation_chains": page([{"id": "F1", "name": "Platform", "team_id": "T1"}]),
        "escalation_policies": page(steps()),
    }  # fmt: skip


def page(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "previous": None, "results": results, "page_size": 50}


def user(name: str) -> dict[str, Any]:
    return {"id": f"U-{name}", "email": f"{name}@Example.com", "username": name, "role": "user", "timezone": "UTC",
            "teams": ["T1"] if name in ("ann", "ben", "cleo") else [], "is_phone_number_verified": name == "ann",
            "slack": [{"user_id": "UANNSLACK", "team_id": "TSLACK"}] if name == "ann" else None}  # fmt: skip


def shift(ref: str, kind: str, level: int, start: str, hours: int, **fields: Any) -> dict[str, Any]:
    return {"id": ref, "name": f"{kind} {ref}", "type": kind, "team_id": "T1", "time_zone": None, "level": level,
            "start": start, "rotation_start": start, "duration": hours * 3600, **fields}  # fmt: skip


def weeks() -> dict[str, Any]:
    """Two at once, by the week."""
    return shift("O1", "rolling_users", 0, "2026-03-02T09:00:00", 168, frequency="weekly", interval=1, week_start="MO",
                 until=None, by_day=None, rolling_users=[["U-cleo", "U-dan"], ["U-ann", "U-ben"]],
                 start_rotation_from_user_index=1)  # fmt: skip


def days() -> dict[str, Any]:
    """From working day to working day, over both of them."""
    return shift("O2", "rolling_users", 1, "2026-03-02T09:00:00", 8, frequency="daily", interval=1, until=None,
                 by_day=["MO", "TU", "WE", "TH", "FR"], rolling_users=[["U-eva"], ["U-fin"], ["U-gus"]],
                 start_rotation_from_user_index=0)  # fmt: skip


def once() -> dict[str, Any]:
    return shift("O3", "single_event", 2, "2026-03-28T10:00:00", 3, users=["U-ann"])


def override() -> dict[str, Any]:
    """Six hours by the wall clock, in the night in which it is put forward."""
    found = shift("O4", "override", 0, "2026-03-29T00:00:00", 6, users=["U-gus"])
    del found["level"]
    return found


def monthly() -> dict[str, Any]:
    return shift("O5", "rolling_users", 3, "2026-01-15T09:00:00", 8, frequency="monthly", interval=1, until=None,
                 by_monthday=[15], rolling_users=[["U-ann"]], start_rotation_from_user_index=0)  # fmt: skip


def late() -> dict[str, Any]:
    return shift("O6", "recurrent_event", 0, "2026-03-02T20:00:00", 12, frequency="weekly", interval=1,
                 week_start="SU", until=None, by_day=["MO", "WE"], by_month=None, users=["U-ann"])  # fmt: skip


def final(name: str, start: str, end: str) -> dict[str, Any]:
    return {"user_pk": f"U-{name}", "user_email": f"{name}@Example.com", "user_username": name,
            "shift_start": start, "shift_end": end}  # fmt: skip


def steps() -> list[dict[str, Any]]:
    def step(position: int, kind: str, **fields: Any) -> dict[str, Any]:
        return {"id": f"E{position}", "escalation_chain_id": "F1", "position": position, "type": kind, **fields}

    return [
        step(0, "notify_on_call_from_schedule", notify_on_call_from_schedule="S1", important=False),
        step(1, "wait", duration=300),
        step(2, "notify_persons", persons_to_notify=["U-ann"], important=True),
        step(3, "notify_team_members", team_to_notify="T1", important=False),
        step(4, "notify_whole_channel"),
        step(5, "wait", duration=900),
        step(6, "notify_person_next_each_time", persons_to_notify_next_each_time=["U-ben", "U-cleo"]),
        step(7, "wait", duration=1800),
        step(8, "repeat_escalation"),
    ]
