"""How a person's contact methods and steps look to them: each state in words, with what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.contacts import queries as contacts
from apps.contacts import serving
from apps.contacts.actions import LIFETIME, WRONG_ALLOWED
from apps.contacts.models import ContactMethod, MethodKind, MethodSource, Verification
from apps.contacts.webhook_secrets import secret_of
from apps.core import clock
from apps.core.editing import versions
from apps.notifications import queries as notifications
from apps.notifications import rules
from apps.notifications.models import NotificationRule, Urgency
from apps.notifications.rules import Step
from apps.teams.models import User

ICONS: dict[str, str] = {
    MethodKind.EMAIL: "mail",
    MethodKind.PAGER: "mail",
    MethodKind.SMS: "chat",
    MethodKind.VOICE: "phone",
    MethodKind.SLACK: "chat",
    MethodKind.PUSH: "bell",
    MethodKind.WEBHOOK: "link",
}


@dataclass(frozen=True, slots=True)
class MethodFace:
    """One contact method: its state in a word (with a ``tone``), what that means, and what can be done.

    ``asks_code``: a code can be sent. ``code`` is the one that is waited for, if any. ``secret`` is what the posts to a
    webhook are signed with; empty for any other method. ``version``: at which it is, for whoever edits it.
    """

    method: ContactMethod
    icon: str
    tone: str
    word: str
    detail: str
    asks_code: bool
    code: Verification | None
    secret: str
    version: str

    @property
    def is_own(self) -> bool:
        """Whether the person entered it themselves: what the procedures name comes back with them."""
        return self.method.source == MethodSource.PROFILE


@dataclass(frozen=True, slots=True)
class StepFace:
    """One step as it is drawn; ``why_not`` says why it does nothing."""

    after: timedelta
    method: ContactMethod
    icon: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class StepsFace:
    """The steps of one urgency: the person's own, or the standard ones where they chose none."""

    urgency: Urgency
    steps: list[StepFace]
    are_own: bool


def faces(person: User) -> list[MethodFace]:
    """All methods of the person in their order. Three queries."""
    seen = versions(ContactMethod, person.contact_methods.all())
    methods = contacts.methods_of([person])[person.pk]
    waited_for = {each.method_id: each for each in Verification.objects.filter(method__in=methods)}
    served = serving.kinds()
    return [
        _face(method, waited_for.get(method.pk), served=method.kind in served, version=seen.get(method.pk, ""))
        for method in methods
    ]


def is_reached_otherwise(person: User) -> bool:
    """Whether more than the address of their log-in reaches ``person`` already.

    Then another way asks them to confirm who they are. The first one of a newcomer does not.
    """
    proven = person.contact_methods.filter(verified_at__isnull=False)
    return proven.exclude(kind=MethodKind.EMAIL, value__iexact=person.email).exists()


def is_last_usable(method: ContactMethod) -> bool:
    """Whether its person could not be paged at all without it."""
    usable = notifications.usable_methods(method.person)
    return [each.pk for each in usable] == [method.pk]


def steps(person: User, urgency: Urgency) -> StepsFace:
    """The steps of the person for that urgency in the order of time."""
    usable = notifications.usable_methods(person)
    own = list(NotificationRule.objects.filter(person=person, urgency=urgency).select_related("method"))
    if not own:
        return StepsFace(urgency, _drawn(rules.standard_steps(usable, urgency), usable), are_own=False)
    chosen = sorted((Step(rule.after, rule.method) for rule in own), key=lambda step: step.after)
    return StepsFace(urgency, _drawn(chosen, usable), are_own=True)


def _drawn(steps: Sequence[Step], usable: Sequence[ContactMethod]) -> list[StepFace]:
    served, works = serving.kinds(), {method.pk for method in usable}
    return [
        StepFace(
            step.after,
            step.method,
            ICONS[step.method.kind],
            "" if step.method.pk in works else _state(step.method, served=step.method.kind in served)[2],
        )
        for step in sorted(steps, key=lambda each: each.after)
    ]


def _face(method: ContactMethod, verification: Verification | None, *, served: bool, version: str) -> MethodFace:
    tone, word, detail = _state(method, served=served)
    unproven = (method.verified_at is None or method.disabled_at is not None) and method.opted_out_at is None
    code = verification if verification and clock.now() < verification.requested_at + LIFETIME else None
    return MethodFace(
        method=method,
        icon=ICONS[method.kind],
        tone=tone,
        word=word,
        detail=detail,
        asks_code=served and unproven and method.is_dialable,
        code=code if unproven and code and code.wrong < WRONG_ALLOWED else None,
        secret=secret_of(method) if method.kind == MethodKind.WEBHOOK else "",
        version=version,
    )


def _state(method: ContactMethod, *, served: bool) -> tuple[str, str, str]:
    """Tone, word and meaning of the method's state; what is worst first."""
    if not method.is_dialable:
        return "warn", "Cannot be dialled", "Write it with the country's code, such as +49 30 901820."
    if method.opted_out_at is not None:
        return "danger", "Stopped by STOP", "Send START from that phone to the number that texts you."
    if method.disabled_at is not None:
        why = method.disabled_reason or "nothing arrived by it."
        return "danger", "Disabled", f"Nothing is sent to it any more: {why}"
    if not served:
        kind = method.get_kind_display().partition(" (")[0].lower()
        return "warn", "Not served", f"This installation sends nothing by {kind} yet."
    if method.verified_at is None:
        return "warn", "Not verified", "It counts once you typed the code that is sent to it."
    return "ok", "Verified", ""
