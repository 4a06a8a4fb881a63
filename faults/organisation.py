"""A small organisation to break things for: teams with one on-call each, a lead, an administrator, two chains.

``python -m faults.organisation`` writes it into the database of the environment. Who is paged for what is said here in
plain names, so that an account needs nothing of the code that pages.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

TEAMS = tuple(f"team-{number:02}" for number in range(20))
LEAD = "lead@example.com"
ADMINISTRATOR = "administrator@example.com"
SECOND_LEVEL_AFTER = timedelta(seconds=8)
"""P0 pages its on-call at once and the lead after this, unless acknowledged; P1 pages its on-call and nobody else."""
LEVELS = {"P0": (1, 2), "P1": (1,)}


def on_call(team: str) -> str:
    """The first address of the one person on call for a team."""
    return f"{team}@example.com"


def second_address(team: str) -> str:
    """The other address of the same person, which is tried when the first fails."""
    return f"{team}-second@example.com"


def receiver(team: str, level: int) -> str:
    """Who is to get the page of a level for an incident of the team."""
    return on_call(team) if level == 1 else LEAD


def make() -> None:
    """Write the organisation into an empty database."""
    import django

    django.setup()
    from apps.incidents.models import Procedures, ProceduresOrigin, ProceduresRevision, Severity

    for rank, code in enumerate(LEVELS):
        Severity.objects.create(
            code=code, label=code, rank=rank, impact="Something is broken", response_time=timedelta(hours=1),
            resolution_target=timedelta(hours=4),
        )  # fmt: skip
    now = datetime.now(UTC)
    ProceduresRevision.objects.create(
        version="1.0", digest="0" * 64, document={}, origin=ProceduresOrigin.FILE, created_at=now
    )
    Procedures.objects.create(
        pk=1, title="Procedures", version="1.0", last_updated=date(2026, 1, 1), next_review=date(2027, 1, 1),
        owner="Nobody", warn_before="response/3", closure_within=timedelta(hours=24), review_within=timedelta(days=5),
        business_calendar={
            "time_zone": "UTC", "days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00",
            "holidays": "US",
        },
    )  # fmt: skip
    _make_people(now)
    _make_chains()


def _make_people(now: datetime) -> None:
    from apps.rosters import actions as rosters
    from apps.rosters.models import Layer, LayerMember, Roster, Rotation
    from apps.teams import actions as teams
    from apps.teams.models import Team, TeamRole, User

    User.objects.create_superuser(ADMINISTRATOR, name="Administrator", password=None)
    for address in (ADMINISTRATOR, LEAD):
        _make_reachable(address)
    for slug in TEAMS:
        team = Team.objects.create(slug=slug, name=slug.title(), time_zone="UTC")
        person = _make_reachable(on_call(slug), second_address(slug))
        teams.add_member(person, team, TeamRole.RESPONDER)
        roster = Roster.objects.create(slug=slug, name=slug, team=team, time_zone="UTC", is_primary=True)
        layer = Layer.objects.create(
            roster=roster, name="Always", rotation=Rotation.DAYS, length=1, handoff_time=time(0),
            starts_on=now.date() - timedelta(days=1),
        )  # fmt: skip
        LayerMember.objects.create(layer=layer, person=person, position=1)
        rosters.materialise(roster, now=now)


def _make_reachable(*addresses: str) -> object:
    from apps.contacts.models import ContactMethod, MethodKind
    from apps.core import clock
    from apps.teams.models import User

    person, _ = User.objects.get_or_create(email=addresses[0], defaults={"name": addresses[0].partition("@")[0]})
    for position, address in enumerate(addresses):
        ContactMethod.objects.create(
            person=person, kind=MethodKind.EMAIL, value=address, position=position, verified_at=clock.now()
        )
    return person


def _make_chains() -> None:
    from apps.escalation.models import Level, LevelTarget, Policy, TargetKind, Unless
    from apps.incidents.models import Severity
    from apps.teams.models import User

    lead = User.objects.get(email=LEAD)
    for code, numbers in LEVELS.items():
        policy = Policy.objects.create(severity=Severity.objects.get(code=code))
        for number in numbers:
            level = Level.objects.create(
                policy=policy, number=number, name=f"Level {number}", unless=Unless.ACKNOWLEDGED,
                after=(number - 1) * SECOND_LEVEL_AFTER,
            )  # fmt: skip
            target = {"kind": TargetKind.ON_CALL} if number == 1 else {"kind": TargetKind.PERSON, "person": lead}
            LevelTarget.objects.create(level=level, **target)


if __name__ == "__main__":
    make()
