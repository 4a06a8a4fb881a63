"""What people do about a random incident: as the simulation takes it, and as a person does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from apps.escalation import actions as escalation
from apps.escalation.models import Policy
from apps.incidents import actions
from apps.incidents.models import Incident, Severity, Via
from apps.notifications import answers as pages
from apps.procedures import answers
from apps.procedures.answers import Answer
from apps.teams.models import User
from tests.escalation.random_chains import RandomAnswer
from tests.escalation.random_rosters import NAMES
from tests.factories.incidents import resolve

#: How often each is done, by how often it is named.
DEEDS = (
    *("acknowledge", "acknowledge", "resolve", "reopen", "cancel", "hold", "end hold", "note", "leave"),
    *("escalate", "trigger", "impact", "impact", "decline", "decline", "reassign", "ask", "take", "severity"),
)
#: What an assessment says that states each fact.
STATING = {
    "several_customers": {"customers_affected": 3},
    "revenue": {"revenue_impact": 100},
    "security": {"security_implications": True},
    "media": {"media_attention": True},
}
FACTS = tuple(STATING)
#: Which level each trigger raises to: one of each fact, and one that no fact knows.
TRIGGERS = {"several_customers": 2, "revenue": 3, "security": 3, "media": 4, "cause_unclear": 2}
ROLE = "commander"


def as_simulated(answer: RandomAnswer) -> Answer:
    """The answer as the simulation understands it; whom it names is read when it is given, as ``do`` does."""

    def act(incident: Incident, by: User) -> object:
        return _SIMULATED[answer.kind](answer, answer.after).act(incident, _named(by.name))

    return Answer(answer.after, act, by=_named(answer.by))


def do(incident: Incident, answer: RandomAnswer) -> None:
    """The answer as a person gives it."""
    _DONE[answer.kind](incident, answer, _named(answer.by))


_SIMULATED: Mapping[str, Callable[[RandomAnswer, timedelta], Answer]] = {
    "acknowledge": lambda _, after: answers.acknowledged(after),
    "resolve": lambda _, after: answers.resolved(after),
    "reopen": lambda _, after: answers.reopened(after),
    "cancel": lambda _, after: answers.cancelled(after),
    "note": lambda _, after: answers.noted(after),
    "decline": lambda _, after: answers.declined(after),
    "hold": lambda answer, after: answers.held(after, minutes=answer.number),
    "end hold": lambda _, after: answers.hold_ended(after),
    "escalate": lambda answer, after: answers.escalated(after, level=_level(answer)),
    "trigger": lambda answer, after: answers.escalated(after, trigger=_trigger(answer)),
    "impact": lambda answer, after: answers.assessed(after, facts=_facts(answer)),
    "take": lambda _, after: answers.taken(after, role=ROLE),
    "severity": lambda answer, after: answers.changed(after, severity=_severity(answer)),
    "ask": lambda answer, after: answers.asked(after, people=_people(answer)),
    "reassign": lambda answer, after: answers.reassigned(after, people=_people(answer), policy=_policy(answer)),
    "leave": lambda _, after: Answer(after, lambda _, by: _leave(by)),
}


def _assess(incident: Incident, answer: RandomAnswer, by: User) -> object:
    known = {field: value for fact in _facts(answer) for field, value in STATING[fact].items()}
    return actions.assess_impact(incident.pk, by=by, **known)


def _escalate(incident: Incident, answer: RandomAnswer, by: User) -> object:
    level, trigger = (None, _trigger(answer)) if answer.kind == "trigger" else (_level(answer), None)
    return escalation.escalate(incident.pk, level=level, trigger=trigger, reason="Stuck", by=by)


def _reassign(incident: Incident, answer: RandomAnswer, by: User) -> object:
    people, policy = _people(answer), _policy(answer)
    return escalation.reassign(incident.pk, people=people, policy=policy, reason="Hers", by=by)


_DONE: Mapping[str, Callable[[Incident, RandomAnswer, User], object]] = {
    "acknowledge": lambda incident, _, by: actions.acknowledge(incident.pk, by=by),
    "resolve": lambda incident, _, by: resolve(incident, by),
    "reopen": lambda incident, _, by: actions.reopen(incident.pk, reason="Back", by=by),
    "cancel": lambda incident, _, by: actions.cancel(incident.pk, reason="None", by=by),
    "note": lambda incident, _, by: actions.add_note(incident.pk, text="Looking", by=by),
    "decline": lambda incident, _, by: pages.decline_incident(incident.pk, by=by, via=Via.SMS),
    "hold": lambda incident, answer, by: escalation.hold(incident.pk, minutes=answer.number, by=by),
    "end hold": lambda incident, _, by: escalation.end_hold(incident.pk, by=by),
    "escalate": _escalate,
    "trigger": _escalate,
    "impact": _assess,
    "take": lambda incident, _, by: actions.assign_role(incident.pk, role=ROLE, person=by, by=by),
    "severity": lambda incident, answer, by: actions.change_severity(
        incident.pk, severity=_severity(answer), reason="Worse", by=by
    ),
    "ask": lambda incident, answer, by: actions.ask_responders(incident.pk, people=_people(answer), by=by),
    "reassign": _reassign,
    "leave": lambda _, __, by: _leave(by),
}


def _leave(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _named(name: str) -> User:
    """The person as they are now: what one knows of their rights must not outlive a run."""
    return User.objects.get(name=name)


def _level(answer: RandomAnswer) -> int | None:
    """The level that it names; None: the next one."""
    return answer.number % 6 or None


def _trigger(answer: RandomAnswer) -> str:
    return list(TRIGGERS)[answer.number % len(TRIGGERS)]


def _facts(answer: RandomAnswer) -> list[str]:
    """One fact or two."""
    first = answer.number % len(FACTS)
    return [*FACTS[first : first + 1 + answer.number % 2]]


def _severity(answer: RandomAnswer) -> Severity:
    return Severity.objects.get(code=("P0", "P1", "P2")[answer.number % 3])


def _people(answer: RandomAnswer) -> list[User]:
    """Whom it names for a reassignment or asks; nobody where it names the other chain."""
    first = answer.number % 7
    return [_named(name) for name in NAMES[first : first + 2]]


def _policy(answer: RandomAnswer) -> Policy | None:
    return None if answer.number % 7 < len(NAMES) else Policy.objects.get(severity__code="P1")
