"""A small organisation to break things for: teams with one on-call and one lead each, an administrator, two chains.

``python -m faults.organisation`` writes it into the database of the environment. Who is paged for what is said here in
plain names, so that an account needs nothing of the code that pages. There are so many teams that nobody gets more
pages than go out one by one, but where a case wants a storm.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

TEAMS = tuple(f"team-{number:03}" for number in range(250))
WITH_SECOND_ADDRESS = TEAMS[:10]
"""Teams whose on-call has a second address, which is tried when the first fails."""
TEXTED = tuple(f"texted-{number:02}" for number in range(80))
"""Teams beside those, whose people are sent a text message, and a mail when that fails."""
ADMINISTRATOR = "administrator@example.com"
SECOND_LEVEL_AFTER = timedelta(seconds=4)
"""P0 pages the on-call at once and the lead after this, unless acknowledged; P1 the on-call and nobody else."""
LEVELS = {"P0": (1, 2), "P1": (1,)}


def on_call(team: str) -> str:
    """The first address of the one person on call for a team."""
    return f"{team}@example.com"


def second_address(team: str) -> str:
    """The other address of that person."""
    return f"{team}+second@example.com"


def lead(team: str) -> str:
    """The address of the team's lead."""
    return f"lead-of-{team}@example.com"


def phone(team: str, level: int) -> str:
    """The number of whoever gets that level of a team of TEXTED."""
    return f"+1202555{2 * TEXTED.index(team) + level:04}"


def receiver(team: str, level: int) -> str:
    """Who is to get the page of a level for an incident of the team, by their first address."""
    return on_call(team) if level == 1 else lead(team)


def person(address: str) -> str:
    """Whose address or number it is: their first address."""
    return _OF_NUMBER.get(address) or address.replace("+second@", "@")


_OF_NUMBER = {phone(team, level): receiver(team, level) for team in TEXTED for level in LEVELS["P0"]}


def make() -> None:
    """Write the organisation into an empty database."""
    import django

    django.setup()
    from apps.incidents.models import Procedures, ProceduresOrigin, ProceduresRevision, Severity
    from apps.teams.models import Team

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
    Team.objects.bulk_create(Team(slug=slug, name=slug.title(), time_zone="UTC") for slug in (*TEAMS, *TEXTED))
    _make_people()
    _put_on_call(now)
    _make_chains()


def _make_people() -> None:
    from apps.contacts.models import ContactMethod, MethodKind
    from apps.core import clock
    from apps.teams.models import User

    User.objects.create_superuser(ADMINISTRATOR, name="Administrator", password=None)
    addresses = [receiver(team, level) for team in (*TEAMS, *TEXTED) for level in LEVELS["P0"]]
    User.objects.bulk_create(User(email=address, name=address.partition("@")[0]) for address in addresses)
    people = {each.email: each for each in User.objects.all()}
    addresses += [ADMINISTRATOR, *map(second_address, WITH_SECOND_ADDRESS)]
    ContactMethod.objects.bulk_create(
        ContactMethod(
            person=people[person(address)], kind=MethodKind.EMAIL, value=address, verified_at=clock.now(),
            position=1 + (address not in people),
        )
        for address in addresses
    )  # fmt: skip
    ContactMethod.objects.bulk_create(
        ContactMethod(
            person=people[each], kind=MethodKind.SMS, value=number, normalised=number, position=0,
            verified_at=clock.now(),
        )
        for number, each in _OF_NUMBER.items()
    )  # fmt: skip


def _put_on_call(now: datetime) -> None:
    """A shift that began yesterday and lasts until tomorrow, for one person a team, who responds for it."""
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

    from apps.rosters.models import Roster, Shift, ShiftSource
    from apps.teams.models import Membership, Team, TeamRole, User

    day = timedelta(days=1)
    people = {each.email: each for each in User.objects.all()}
    rosters = Roster.objects.bulk_create(
        Roster(slug=team.slug, name=team.slug, team=team, time_zone="UTC", is_primary=True)
        for team in Team.objects.all()
    )
    Membership.objects.bulk_create(
        Membership(person=people[on_call(roster.slug)], team=roster.team, role=TeamRole.RESPONDER) for roster in rosters
    )
    Shift.objects.bulk_create(
        Shift(
            roster=roster, person=people[on_call(roster.slug)], during=DateTimeTZRange(now - day, now + day),
            source=ShiftSource.LAYER,
        )
        for roster in rosters
    )  # fmt: skip


def _make_chains() -> None:
    from apps.escalation.models import Level, LevelTarget, Policy, TargetKind, Unless
    from apps.incidents.models import Severity
    from apps.teams.models import Team, User

    people = {each.email: each for each in User.objects.all()}
    for code, numbers in LEVELS.items():
        severity = Severity.objects.get(code=code)
        for team in Team.objects.all():
            policy = Policy.objects.bulk_create([Policy(severity=severity, team=team)])[0]
            for number in numbers:
                level = Level(
                    policy=policy, number=number, name=f"Level {number}", unless=Unless.ACKNOWLEDGED,
                    after=(number - 1) * SECOND_LEVEL_AFTER,
                )  # fmt: skip
                Level.objects.bulk_create([level])
                target = LevelTarget(level=level, kind=TargetKind.PERSON, person=people[receiver(team.slug, number)])
                if number == 1:
                    target.kind, target.person = TargetKind.ON_CALL, None
                LevelTarget.objects.bulk_create([target])


if __name__ == "__main__":
    make()
