"""Everything that the profile shows, and its parts that keep themselves fresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.contacts.models import ContactMethod
from apps.core import clock
from apps.desk import edited, own_methods, vcard
from apps.desk.forms.profile import MethodForm, PreferencesForm, ProfileForm, StepFormSet
from apps.identity import invitations
from apps.notifications import queries as notifications
from apps.notifications import vapid
from apps.notifications.models import Channel, Delivery, DeliveryState, Preferences, Urgency
from apps.rosters.calendars import feeds
from apps.teams.models import User

Context = dict[str, Any]

#: For so long the profile shows what became of a test, and asks for news of it.
TEST_SHOWN, TEST_FOLLOWED = timedelta(minutes=30), timedelta(minutes=3)
_UNDER_WAY = (DeliveryState.PLANNED, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Test:
    """The latest test, with what became of each message; ``is_running``: there may still be news."""

    __test__ = False  # the name is no promise to pytest

    sent_at: Any
    deliveries: list[Delivery]
    is_running: bool


def whole(person: User, **bound: Any) -> Context:
    """The whole profile; ``bound`` are the forms that were sent and are shown again with their errors."""
    seen = edited.preferences(person).version()
    chosen = Preferences.objects.filter(person=person).first()
    context = {
        "form": ProfileForm(instance=person, initial={"version": edited.profile(person).version()}),
        "method_form": MethodForm(auto_id="method_%s"),
        "preferences_form": PreferencesForm(instance=chosen, auto_id="preferences_%s", initial={"version": seen}),
        "warnings": notifications.warnings_for(person),
        "memberships": person.memberships.select_related("team"),
        "pager_numbers": vcard.numbers(),
        "feeds": feeds.of_owner(person),
        "can_push": bool(vapid.public_key()),
        "may_invite": invitations.may_invite(person),
    }
    formset: tuple[Urgency, Any] | None = bound.pop("formset", None)
    faces = methods(person)
    own = [face.method for face in faces["methods"]]
    plans = [_plan(person, urgency, own, formset) for urgency in Urgency]
    return {**context, **faces, **test(person), "plans": plans, **bound}


def methods(person: User) -> Context:
    """How the person is reached, and whether a code is waited for."""
    faces = own_methods.faces(person)
    return {"methods": faces, "awaits_code": any(face.code for face in faces)}


def test(person: User) -> Context:
    """What became of the latest test, for a while."""
    now = clock.now()
    latest = notifications.latest_test_of(person)
    if latest is None or now >= latest.created_at + TEST_SHOWN:
        return {"test": None}
    sent = list(latest.deliveries.exclude(channel=Channel.IN_APP).select_related("method", "notification__person"))
    runs = any(each.state in _UNDER_WAY for each in sent) or any(_awaits_receipt(each) for each in sent)
    return {"test": Test(latest.created_at, sent, runs and now < latest.created_at + TEST_FOLLOWED)}


def _awaits_receipt(delivery: Delivery) -> bool:
    """Whether its provider usually tells more than that it was sent."""
    told_more = delivery.channel in (Channel.SMS, Channel.VOICE)
    return delivery.state == DeliveryState.SENT and told_more


def _plan(
    person: User, urgency: Urgency, methods: list[ContactMethod], bound: tuple[Urgency, Any] | None
) -> tuple[own_methods.StepsFace, Any]:
    """The steps of an urgency and the form that changes them: the one that was sent, if it was this one."""
    version = edited.steps(person, urgency).version()
    face = own_methods.steps(person, urgency)
    if bound is not None and bound[0] == urgency:
        return face, bound[1]
    initial = [{"minutes": _minutes(step.after), "method": step.method.pk} for step in face.steps]
    formset = StepFormSet(initial=initial, prefix=urgency, form_kwargs={"methods": methods})
    formset.version = version
    return face, formset


def _minutes(after: timedelta) -> str:
    return f"{after.total_seconds() / 60:.2f}".rstrip("0").rstrip(".")


#: Name in the address → template and what it shows.
PARTS = {
    "methods": ("people/_methods.html", methods),
    "test": ("people/_test.html", test),
}
