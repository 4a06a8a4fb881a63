"""What deeds, as they are written, name: people, levels, roles and the like; found, each is an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from django.db.models import QuerySet

from apps.core import durations
from apps.core.errors import Invalid
from apps.escalation import queries as escalation
from apps.escalation.models import Policy
from apps.escalation.rules import FACTS
from apps.incidents.models import ResponseRole, Severity
from apps.procedures import answers
from apps.procedures.answers import Answer
from apps.procedures.deeds import CHAIN, LEVEL, Deed, Word
from apps.teams.models import User


def answer_of(deed: Deed) -> Answer:
    """The answer that ``deed`` is. Raises Invalid for what there is not, naming what there is."""
    answer = _MAKE[deed.word](deed)
    return answer.given_by(_person(deed.by)) if deed.by is not None else answer


def _escalate(deed: Deed) -> Answer:
    if not deed.what:
        return answers.escalated(deed.after)
    if match := LEVEL.fullmatch(deed.what[0]):
        return answers.escalated(deed.after, level=int(match[1]))
    keys = list(escalation.triggers().values_list("key", flat=True))
    return answers.escalated(deed.after, trigger=_known(deed.what[0], keys, "trigger or level"))


def _hold(deed: Deed) -> Answer:
    span = durations.parse(deed.what[0])
    if span % timedelta(minutes=1):
        raise Invalid(f"A hold lasts whole minutes, not {deed.what[0]}.")
    return answers.held(deed.after, minutes=span // timedelta(minutes=1))


def _reassign(deed: Deed) -> Answer:
    if deed.what[0] != CHAIN:
        return answers.reassigned(deed.after, people=[_person(address) for address in deed.what])
    policy = Policy.objects.filter(pk=deed.what[1]).first()
    if policy is None:
        raise Invalid(f"There is no policy {deed.what[1]}.")
    return answers.reassigned(deed.after, policy=policy)


def _ask(deed: Deed) -> Answer:
    return answers.asked(deed.after, people=[_person(address) for address in deed.what])


def _take(deed: Deed) -> Answer:
    return answers.taken(deed.after, role=_known(deed.what[0], _of(ResponseRole.objects.all(), "key"), "response role"))


def _impact(deed: Deed) -> Answer:
    return answers.assessed(deed.after, facts=[_known(fact, FACTS, "fact of an impact") for fact in deed.what])


def _severity(deed: Deed) -> Answer:
    active = Severity.objects.filter(is_active=True)
    return answers.changed(deed.after, severity=active.get(code=_known(deed.what[0], _of(active, "code"), "severity")))


_MAKE: Mapping[Word, Callable[[Deed], Answer]] = {
    Word.ACKNOWLEDGE: lambda deed: answers.acknowledged(deed.after),
    Word.DECLINE: lambda deed: answers.declined(deed.after),
    Word.ESCALATE: _escalate,
    Word.HOLD: _hold,
    Word.GO_ON: lambda deed: answers.hold_ended(deed.after),
    Word.REASSIGN: _reassign,
    Word.ASK: _ask,
    Word.TAKE: _take,
    Word.IMPACT: _impact,
    Word.SEVERITY: _severity,
    Word.NOTE: lambda deed: answers.noted(deed.after),
    Word.RESOLVE: lambda deed: answers.resolved(deed.after),
    Word.REOPEN: lambda deed: answers.reopened(deed.after),
    Word.CANCEL: lambda deed: answers.cancelled(deed.after),
}


def _person(address: str) -> User:
    person = User.objects.filter(email__iexact=address).first()
    if person is None:
        raise Invalid(f"There is nobody with the address {address}.")
    return person


def _of(found: QuerySet[ResponseRole] | QuerySet[Severity], name: str) -> list[str]:
    return list(found.values_list(name, flat=True))


def _known(said: str, known: Iterable[str], what: str) -> str:
    """What was ``said``, if it is known."""
    listed = list(known)
    if said not in listed:
        raise Invalid(f"There is no {what} {said}. Known: {', '.join(listed) or 'none yet'}.")
    return said
