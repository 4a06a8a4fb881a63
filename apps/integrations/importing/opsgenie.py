"""Reads a document of Opsgenie's REST API (docs/migrating.md says which calls it is made of).

Source: Opsgenie's API reference (User, Contact, Team, Schedule, Schedule Rotation, Schedule Override, Escalation).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from apps.contacts.models import MethodKind
from apps.escalation.models import TargetKind, Unless
from apps.integrations.importing.chains import LONGEST_WAIT, Targets, chain_of
from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering
from apps.integrations.importing.limits import MOST_LEVELS
from apps.integrations.importing.opsgenie_schedules import read_schedules
from apps.integrations.importing.plan import Chain, ImportPlan, Level, Member, Method, Outcome, Target
from apps.integrations.importing.windows import know
from apps.integrations.models import Vendor
from apps.teams.models import TeamRole

KEYS = ("users", "contacts", "teams", "schedules", "overrides", "timelines", "escalations")
_METHODS = {"email": MethodKind.EMAIL, "sms": MethodKind.SMS, "voice": MethodKind.VOICE}
_TEAM_ROLES = {"admin": TeamRole.MANAGER, "user": TeamRole.RESPONDER}
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_CONDITIONS = {"if-not-acked": Unless.ACKNOWLEDGED, "if-not-closed": Unless.RESOLVED}


def read(document: Place, *, now: datetime) -> ImportPlan:
    """Return what the document wants. Raises Invalid, naming the place, for what the API does not answer."""
    know(document, KEYS)
    gathering = Gathering()
    contacts = dict(document.at("contacts").entries())
    for user in document.at("users").answers("data"):
        _read_user(user, gathering, contacts.get(user.identity()))
    for team in document.at("teams").answers("data"):
        _read_team(team, gathering)
    rosters, expected = read_schedules(document, gathering, now=now)
    targets = Targets(gathering, rosters)
    chains = [_read_escalation(each, gathering, targets) for each in document.at("escalations").answers("data")]
    return ImportPlan(
        vendor=Vendor.OPSGENIE,
        people=gathering.people,
        teams=gathering.teams,
        rosters=tuple(rosters),
        chains=tuple(chain for chain in chains if chain),
        expected=tuple(expected),
        notes=tuple(gathering.notes),
    )


def _read_user(user: Place, gathering: Gathering, contacts: Place | None) -> None:
    if user.flag("blocked", default=False):
        gathering.left_out(user, "The account is blocked.")
        return
    methods = list(_methods(contacts, gathering)) if contacts else []
    gathering.add_person(
        user,
        ref=user.identity(),
        email=user.text("username"),
        name=gathering.name(user, "fullName", default=user.text("username")),
        zone=gathering.zone(user, "timeZone"),
        methods=methods,
    )
    if user.has("role") and user.at("role").text("name", default="").lower() in ("owner", "admin"):
        gathering.note(user, Outcome.NOTED, "An administrator there; here administrators name each other.")


def _methods(contacts: Place, gathering: Gathering) -> Iterator[Method]:
    for contact in contacts.answers("data"):
        kind = contact.text("method" if contact.has("method") else "contactMethod").lower()
        if kind not in _METHODS:
            gathering.left_out(contact, f"The contact method “{kind[:60]}” is set up by the person, here anew.")
        elif contact.has("status") and not contact.at("status").flag("enabled", default=True):
            gathering.left_out(contact, "It is not in use there.")
        else:
            address = contact.text("to")
            yield Method(
                kind=_METHODS[kind],
                value=address if kind == "email" else f"+{address.lstrip('+').replace('-', ' ', 1)}",
            )


def _read_team(team: Place, gathering: Gathering) -> None:
    members: list[Member] = []
    if not team.has("members"):
        gathering.left_out(team, "Its members are not in the document; ask for each team by its id.")
    for member in team.at("members").items():
        email = gathering.person_at(member, member.at("user").identity())
        role = member.text("role", default="user").lower()
        if role not in _TEAM_ROLES:
            gathering.differs(member, f"The role “{role[:60]}” is one of your own; it becomes responder.")
        if email:
            members.append(Member(email, _TEAM_ROLES.get(role, TeamRole.RESPONDER)))
    gathering.add_team(
        team,
        ref=team.identity(),
        name=gathering.name(team),
        description=team.text("description", default=""),
        members=members,
    )


def _read_escalation(escalation: Place, gathering: Gathering, targets: Targets) -> Chain | None:
    """Rules of one time and condition are a level; their times count from the alert, as those of levels do."""
    rungs: dict[tuple[timedelta, Unless], list[Target]] = {}
    for rule in escalation.at("rules").items(most=MOST_LEVELS):
        condition = rule.text("condition", default="if-not-acked")
        if condition not in _CONDITIONS:
            rule.at("condition").refuse(" or ".join(_CONDITIONS))
        named = _targets(rule, gathering, targets)
        rungs.setdefault((_delay(rule.at("delay")), _CONDITIONS[condition]), []).extend(named)
    levels = [
        Level(after=after, unless=unless, targets=tuple(dict.fromkeys(named)))
        for (after, unless), named in sorted(rungs.items(), key=lambda rung: rung[0][0])
    ]
    repeats, repeat_every = _repetition(escalation, gathering, levels)
    owner = escalation.at("ownerTeam")
    return chain_of(
        escalation,
        gathering,
        ref=escalation.identity(),
        name=gathering.name(escalation),
        teams=[owner.identity()] if owner.value is not None and gathering.has_team(owner.identity()) else [],
        services=[],
        levels=levels,
        repeats=repeats,
        repeat_every=repeat_every,
    )


def _repetition(escalation: Place, gathering: Gathering, levels: list[Level]) -> tuple[int, timedelta | None]:
    repeat = escalation.at("repeat")
    if repeat.value is None or not levels:
        return 0, None
    if repeat.flag("closeAlertAfterAll", default=False):
        gathering.left_out(repeat, "An incident here is never closed because nobody answered.")
    wait = timedelta(minutes=repeat.whole("waitInterval", least=0, most=100_000, default=0))
    return repeat.whole("count", least=0, most=100, default=0), levels[-1].after + wait


def _delay(delay: Place) -> timedelta:
    unit = delay.text("timeUnit", default="minutes").lower()
    if unit not in _UNITS:
        delay.at("timeUnit").refuse(f"one of {', '.join(_UNITS)}")
    longest = int(LONGEST_WAIT.total_seconds()) // _UNITS[unit]
    return timedelta(seconds=_UNITS[unit] * delay.whole("timeAmount", least=0, most=longest))


def _targets(rule: Place, gathering: Gathering, targets: Targets) -> list[Target]:
    recipient = rule.at("recipient")
    kind, notify = recipient.text("type").lower(), rule.text("notifyType", default="default").lower()
    if kind == "user":
        return targets.person(recipient, recipient.identity())
    if kind == "schedule" and notify in ("default", "next"):
        wanted = TargetKind.NEXT if notify == "next" else TargetKind.ROSTER
        return targets.schedule(recipient, recipient.identity(), kind=wanted)
    if kind == "team":
        if notify not in ("default", "all"):
            gathering.differs(rule, f"Of a team all who respond are paged, not only “{notify[:60]}”.")
        return targets.team(recipient, recipient.identity())
    gathering.left_out(rule, f"A level here does not page “{notify[:60]}” of a {kind[:60]}.")
    return []
