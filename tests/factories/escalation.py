"""Chains: who is paged after how long."""

from __future__ import annotations

from datetime import timedelta

from apps.catalog.models import Service
from apps.escalation.models import Level, LevelTarget, Policy, TargetKind, Trigger, TriggerKind, Unless
from apps.incidents.models import Severity
from apps.teams.models import Team, User


def make_chain(
    severity: str, people: list[User], *, minutes: tuple[int, ...] = (0, 15, 60), **scope: Team | Service
) -> Policy:
    """The chain of a severity for every team, or that of ``team`` or ``service``: one level for each of ``people``."""
    policy = Policy.objects.create(severity=Severity.objects.get(code=severity), **scope)
    for number, (after, person) in enumerate(zip(minutes, people, strict=True), start=1):
        level = Level.objects.create(
            policy=policy,
            number=number,
            name=f"Level {number}",
            after=timedelta(minutes=after),
            unless=Unless.ACKNOWLEDGED if number <= 2 else Unless.RESOLVED,
        )
        LevelTarget.objects.create(level=level, kind=TargetKind.PERSON, person=person)
    return policy


def make_trigger(key: str, *, level: int, shows_external_contacts: bool = False) -> Trigger:
    return Trigger.objects.create(
        key=key,
        kind=TriggerKind.IMPACT,
        text=key.title(),
        level=level,
        shows_external_contacts=shows_external_contacts,
    )
