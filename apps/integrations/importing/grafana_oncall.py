"""Reads a document of Grafana OnCall's HTTP API (docs/migrating.md says which calls it is made of).

Source: Grafana OnCall's API reference (Users, Teams, Schedules, OnCall shifts, Escalation chains and policies).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.contacts.models import MethodKind
from apps.escalation.models import TargetKind
from apps.integrations.importing.chains import LONGEST_WAIT, Targets, chain_of
from apps.integrations.importing.document import Place
from apps.integrations.importing.gathering import Gathering
from apps.integrations.importing.grafana_schedules import read_schedules
from apps.integrations.importing.grafana_shifts import users_of
from apps.integrations.importing.plan import Chain, ImportPlan, Level, Member, Method, Outcome, Target
from apps.integrations.importing.windows import know, window_of
from apps.integrations.models import Vendor
from apps.teams.models import TeamRole

KEYS = (
    "window", "users", "teams", "schedules", "on_call_shifts", "final_shifts", "escalation_chains",
    "escalation_policies",
)  # fmt: skip
#: So often a chain of Grafana OnCall repeats where it says that it does.
REPEATS = 5
_UNKNOWN_STEPS = {
    "notify_user_group": "Slack groups are not paged here.",
    "notify_whole_channel": "Slack channels are not paged here.",
    "trigger_webhook": "Make a webhook here and name it in the level.",
    "resolve": "An incident here is resolved by people.",
    "declare_incident": "Every page here is of an incident.",
    "notify_if_num_alerts_in_window": "Here the chain goes on however many alerts there are.",
    "notify_if_time_from_to": "Here the chain goes on at any time; levels can page others outside working hours.",
}


def read(document: Place, *, now: datetime) -> ImportPlan:
    """Return what the document wants. Raises Invalid, naming the place, for what the API does not answer."""
    know(document, KEYS)
    gathering = Gathering()
    window = window_of(document, start="start_date", end="end_date")
    users = list(document.at("users").answers("results"))
    for user in users:
        _read_user(user, gathering)
    for team in document.at("teams").answers("results"):
        members = list(_members(team.identity(), users, gathering))
        gathering.add_team(team, ref=team.identity(), name=gathering.name(team), description="", members=members)
    rosters, expected = read_schedules(document, gathering, now=now, window=window)
    return ImportPlan(
        vendor=Vendor.GRAFANA_ONCALL,
        people=gathering.people,
        teams=gathering.teams,
        rosters=tuple(rosters),
        chains=tuple(_chains(document, gathering, Targets(gathering, rosters))),
        expected=tuple(expected),
        notes=tuple(gathering.notes),
    )


def _read_user(user: Place, gathering: Gathering) -> None:
    email = user.text("email", default="")
    slack = user.at("slack")
    members = [slack] if isinstance(slack.value, dict) else list(slack.items())
    gathering.add_person(
        user,
        ref=user.identity(),
        email=email,
        name=gathering.name(user, "username"),
        zone=gathering.zone(user, "timezone"),
        methods=[
            Method(kind=MethodKind.EMAIL, value=email),
            *(Method(kind=MethodKind.SLACK, value=member.identity("user_id")) for member in members),
        ],
    )
    if user.flag("is_phone_number_verified", default=False):
        gathering.left_out(user, "The API does not tell the phone number.")
    if user.text("role", default="") == "admin":
        gathering.note(user, Outcome.NOTED, "An administrator there; here administrators name each other.")


def _members(team: str, users: list[Place], gathering: Gathering) -> Iterator[Member]:
    for user in users:
        email = gathering.person(user.identity())
        if email and any(each.value == team for each in user.at("teams").items()):
            looks = user.text("role", default="") == "observer"
            yield Member(email, TeamRole.STAKEHOLDER if looks else TeamRole.RESPONDER)


def _chains(document: Place, gathering: Gathering, targets: Targets) -> Iterator[Chain]:
    steps: dict[str, list[Place]] = {}
    for step in document.at("escalation_policies").answers("results"):
        steps.setdefault(step.identity("escalation_chain_id"), []).append(step)
    for place in document.at("escalation_chains").answers("results"):
        ref = place.identity()
        climb = _Climb()
        in_order = sorted(steps.get(ref, []), key=lambda step: step.whole("position", least=0, most=10_000, default=0))
        for step in in_order:
            _take(step, climb, gathering, targets)
        team = place.text("team_id", default="")
        chain = chain_of(
            place,
            gathering,
            ref=ref,
            name=gathering.name(place),
            teams=[team] if gathering.has_team(team) else [],
            services=[],
            levels=climb.levels,
            repeats=climb.repeats,
            repeat_every=climb.after,
        )
        if chain:
            yield chain


@dataclass
class _Climb:
    """What the steps so far come to: steps without a wait between them are one level."""

    levels: list[Level] = field(default_factory=list)
    after: timedelta = timedelta(0)
    repeats: int = 0

    def page(self, targets: list[Target], *, in_turn: bool) -> None:
        last = self.levels[-1] if self.levels else None
        if last and not in_turn and not last.round_robin and last.after == self.after:
            self.levels[-1] = Level(after=last.after, targets=tuple(dict.fromkeys([*last.targets, *targets])))
        elif targets:
            self.levels.append(Level(after=self.after, targets=tuple(targets), round_robin=in_turn))


def _take(step: Place, climb: _Climb, gathering: Gathering, targets: Targets) -> None:
    kind = step.text("type", default="")
    if kind == "wait":
        longest = int(LONGEST_WAIT.total_seconds())
        climb.after += timedelta(seconds=step.whole("duration", least=0, most=longest, default=0))
        climb.after = min(climb.after, LONGEST_WAIT)
    elif kind == "repeat_escalation":
        climb.repeats = REPEATS
    elif kind == "notify_persons":
        people = users_of(step.at("persons_to_notify"), gathering)
        climb.page([Target(TargetKind.PERSON, person) for person in people], in_turn=False)
    elif kind == "notify_person_next_each_time":
        people = users_of(step.at("persons_to_notify_next_each_time"), gathering)
        climb.page([Target(TargetKind.PERSON, person) for person in people], in_turn=True)
    elif kind == "notify_on_call_from_schedule":
        place = step.at("notify_on_call_from_schedule")
        climb.page(targets.schedule(place, step.identity("notify_on_call_from_schedule")), in_turn=False)
    elif kind == "notify_team_members":
        climb.page(targets.team(step.at("team_to_notify"), step.identity("team_to_notify")), in_turn=False)
    else:
        gathering.left_out(step, _UNKNOWN_STEPS.get(kind, f"A step of the type “{kind[:60]}” is not known here."))
