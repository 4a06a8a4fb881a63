"""Reads a document of PagerDuty's REST API v2 (docs/migrating.md says which calls it is made of).

Source: PagerDuty's API reference (Users, Teams, Schedules, Escalation Policies) and its support pages on schedules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from apps.contacts.models import MethodKind
from apps.integrations.importing.chains import Targets, chain_of
from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering
from apps.integrations.importing.limits import MOST_LEVELS, MOST_PEOPLE
from apps.integrations.importing.pagerduty_schedules import read_schedules
from apps.integrations.importing.plan import Chain, ImportPlan, Level, Member, Method, Outcome, Target
from apps.integrations.importing.windows import know, window_of
from apps.integrations.models import Vendor
from apps.teams.models import TeamRole

KEYS = ("window", "users", "teams", "team_members", "schedules", "overrides", "escalation_policies")
_METHODS = {
    "email_contact_method": MethodKind.EMAIL,
    "phone_contact_method": MethodKind.VOICE,
    "sms_contact_method": MethodKind.SMS,
}
_TEAM_ROLES = {"manager": TeamRole.MANAGER, "responder": TeamRole.RESPONDER, "observer": TeamRole.STAKEHOLDER}
#: The roles of an account that only look; everybody else answers.
_LOOKING = frozenset({"observer", "read_only_user", "read_only_limited_user", "restricted_access"})


def read(document: Place, *, now: datetime) -> ImportPlan:
    """Return what the document wants. Raises Invalid, naming the place, for what the API does not answer."""
    know(document, KEYS)
    gathering = Gathering()
    window = window_of(document, start="since", end="until")
    users = list(document.at("users").answers("users", "user"))
    for user in users:
        _read_user(user, gathering)
    _read_teams(document, users, gathering)
    rosters, expected = read_schedules(document, gathering, now=now, window=window)
    targets = Targets(gathering, rosters)
    policies = document.at("escalation_policies").answers("escalation_policies", "escalation_policy")
    chains = [_read_policy(policy, gathering, targets) for policy in policies]
    return ImportPlan(
        vendor=Vendor.PAGERDUTY,
        people=gathering.people,
        teams=gathering.teams,
        rosters=tuple(rosters),
        chains=tuple(chain for chain in chains if chain),
        expected=tuple(expected),
        notes=tuple(gathering.notes),
    )


def _read_user(user: Place, gathering: Gathering) -> None:
    gathering.add_person(
        user,
        ref=user.identity(),
        email=user.text("email"),
        name=gathering.name(user),
        zone=gathering.zone(user, "time_zone"),
        methods=list(_methods(user, gathering)),
    )
    if user.text("role", default="") in ("owner", "admin"):
        gathering.note(user, Outcome.NOTED, "An administrator there; here administrators name each other.")


def _methods(user: Place, gathering: Gathering) -> Iterator[Method]:
    for method in user.at("contact_methods").items():
        kind = method.text("type")
        if kind.endswith("_reference"):
            gathering.left_out(method, "Only a reference; ask for the users with include[]=contact_methods.")
        elif kind not in _METHODS:
            gathering.left_out(method, f"A {kind.removesuffix('_contact_method')} is set up by the person, here anew.")
        elif method.flag("blacklisted", default=False) or not method.flag("enabled", default=True):
            gathering.left_out(method, "It is not in use there.")
        else:
            address = method.text("address")
            if _METHODS[kind] != MethodKind.EMAIL:
                address = f"+{method.whole('country_code', least=1, most=999, default=1)} {address}"
            yield Method(kind=_METHODS[kind], value=address, label=method.text("label", default="")[:60])


def _read_teams(document: Place, users: list[Place], gathering: Gathering) -> None:
    members = dict(document.at("team_members").entries())
    for team in document.at("teams").answers("teams", "team"):
        ref = team.identity()
        known = _members(members[ref], gathering) if ref in members else _by_account(ref, users, gathering)
        gathering.add_team(
            team,
            ref=ref,
            name=gathering.name(team),
            description=team.text("description", default=""),
            members=list(known),
        )


def _members(answer: Place, gathering: Gathering) -> Iterator[Member]:
    for member in answer.answers("members"):
        email = gathering.person_at(member, member.at("user").identity())
        role = member.text("role", default="responder")
        if role not in _TEAM_ROLES:
            gathering.differs(member, f"The role “{role[:60]}” is not known here; it becomes responder.")
        if email:
            yield Member(email, _TEAM_ROLES.get(role, TeamRole.RESPONDER))


def _by_account(ref: str, users: list[Place], gathering: Gathering) -> Iterator[Member]:
    """Whose account names the team, where the document does not have the team's own list; by the account's role."""
    for user in users:
        email = gathering.person(user.identity())
        if email and any(team.identity() == ref for team in user.at("teams").items()):
            looks = user.text("role", default="") in _LOOKING
            yield Member(email, TeamRole.STAKEHOLDER if looks else TeamRole.RESPONDER)


def _read_policy(policy: Place, gathering: Gathering, targets: Targets) -> Chain | None:
    """Each rule is a level, due when all rules before it had their time; the last one's time ends the round."""
    levels: list[Level] = []
    after = timedelta(0)
    for rule in policy.at("escalation_rules").items(most=MOST_LEVELS):
        named = [
            target
            for place in rule.at("targets").items(most=MOST_PEOPLE)
            for target in _target(place, gathering, targets)
        ]
        if not named:
            gathering.left_out(rule, "The level names nobody who is imported.")
        levels.append(Level(after=after, targets=tuple(named), round_robin=_takes_turns(rule)))
        after += timedelta(minutes=rule.whole("escalation_delay_in_minutes", least=0, most=100_000))
    teams = [team.identity() for team in policy.at("teams").items()]
    return chain_of(
        policy,
        gathering,
        ref=policy.identity(),
        name=gathering.name(policy),
        teams=[team for team in teams if gathering.has_team(team)],
        services=[service.text("summary") for service in policy.at("services").items() if service.has("summary")],
        levels=levels,
        repeats=policy.whole("num_loops", least=0, most=100, default=0),
        repeat_every=after,
    )


def _target(place: Place, gathering: Gathering, targets: Targets) -> list[Target]:
    kind, ref = place.text("type").removesuffix("_reference"), place.identity()
    if kind == "user":
        return targets.person(place, ref)
    if kind == "schedule":
        return targets.schedule(place, ref)
    gathering.left_out(place, f"A level here does not page a {kind[:60]}.")
    return []


def _takes_turns(rule: Place) -> bool:
    strategy = rule.at("escalation_rule_assignment_strategy")
    if strategy.value is None:
        return False
    return (strategy.value if isinstance(strategy.value, str) else strategy.text("type")) == "round_robin"
