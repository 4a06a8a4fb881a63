"""What of a person goes with them, and what is emptied: all of it stands here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from apps.audit.models import SavedView
from apps.communications.models import Subscriber
from apps.contacts.models import ContactMethod, EmergencyContact, StoppedNumber
from apps.core import clock
from apps.core.models import Commitment, RememberedAnswer
from apps.core.personal import personal_models
from apps.engine.models import Timer
from apps.identity.addresses import TELL as TELL_OLD_ADDRESS
from apps.identity.models import GroupMember, Invitation, ProvisionedPerson
from apps.notifications.models import Delivery, Notification, NotificationRule, Preferences
from apps.reports.models import Report
from apps.reports.queries import left_by
from apps.rosters.models import Absence, CalendarFeed
from apps.teams import access
from apps.teams.models import ApiToken, Membership, User

#: Tables of which every row of the person goes, by the column that says whose it is. Rules before the methods they use.
GOES: dict[type[Model], str] = {
    NotificationRule: "person",
    Preferences: "person",
    ContactMethod: "person",
    CalendarFeed: "owner",
    Absence: "person",
    SavedView: "person",
    Membership: "person",
    GroupMember: "person",
    ProvisionedPerson: "person",
    Authenticator: "user",
    SocialAccount: "user",
    EmailAddress: "user",
    UserSession: "user",
    RememberedAnswer: "person",
}


def take_away(person: User, addresses: Iterable[str]) -> None:
    """Delete what is theirs alone, and empty what has to stay: what they were sent, from where their tokens came.

    ``addresses`` are those that nobody else has: what is kept about these without an account goes, too.
    """
    for model, column in GOES.items():
        model._default_manager.filter(**{column: person}).delete()
    theirs = list(addresses)
    invitations_of(person, theirs).delete()
    StoppedNumber.objects.filter(number__in=theirs).delete()
    Subscriber.objects.filter(address__in=theirs).delete()
    for attempts in (AccessAttempt, AccessFailureLog, AccessLog):
        attempts.objects.filter(username__in=theirs).delete()
    sent = Notification.objects.filter(person=person)
    Delivery.objects.filter(notification__in=sent).update(address="", last_error="")
    sent.update(subject="", text="")
    Report.objects.filter(Q(by=person) | left_by(theirs)).update(name="", email="")
    ApiToken.objects.filter(person=person).update(last_used_from=None, known_addresses=[])
    Timer.objects.filter(kind=TELL_OLD_ADDRESS, payload__person=person.pk).delete()
    access.rebuild_grants(person)


def become(person: User, pseudonym: str) -> None:
    """Leave nothing of the account but its number, under another name, and let nobody be it again."""
    person.name, person.email = pseudonym, address_of(person)
    person.time_zone, person.holidays_of, person.last_login = "UTC", "", None
    person.is_staff = person.is_superuser = False
    person.set_unusable_password()
    person.save()


def hide(contact: EmergencyContact, pseudonym: str) -> None:
    """Take the person out of a contact that they backed, which is retired."""
    contact.name = pseudonym
    contact.email = contact.phone = contact.pager = contact.slack = ""
    contact.retired_at = contact.retired_at or clock.now()
    contact.save()


def anything_of(person: User) -> bool:
    """Whether anything is there that an erasure takes: of who is erased already, what came since."""
    if (person.name, person.email) != (pseudonym_of(person), address_of(person)):
        return True
    told = Notification.objects.filter(person=person).exclude(subject="", text="")
    backed = EmergencyContact.objects.filter(person=person)
    shown = backed.exclude(name=pseudonym_of(person), email="", phone="", pager="", slack="")
    kept = (model._default_manager.filter(**{column: person}) for model, column in GOES.items())
    looks = (*kept, told, shown, Invitation.objects.filter(person=person), *_states_of(person))
    return any(look.exists() for look in looks)


def _states_of(person: User) -> Iterator[QuerySet[Model]]:
    """The rows of histories that no erasure emptied and that do not name them as the erasure did."""
    named = (User.history.model, EmergencyContact.history.model)
    for model in personal_models():
        if (personal := model.personal).kind == "person":  # type: ignore[attr-defined]  # of History
            erased = Commitment.objects.filter(table=model._meta.db_table, row=OuterRef("pk"))
            states = model._default_manager.filter(~Exists(erased), **{personal.of: person.pk})
            yield states.exclude(name=pseudonym_of(person)) if model in named else states


def pseudonym_of(person: User) -> str:
    """What they are called from then on: always the same, and nothing but their number."""
    return f"Former person {person.pk:04x}"


def address_of(person: User) -> str:
    """An address that nobody can have (RFC 2606)."""
    return f"person-{person.pk}@erased.invalid"


def contacts_of(person: User) -> list[EmergencyContact]:
    """The contacts of the procedures that they back."""
    return list(EmergencyContact.objects.filter(person=person).order_by("pk"))


def invitations_of(person: User, addresses: Iterable[str]) -> QuerySet[Invitation]:
    """The invitations that they used, or that went to one of their ``addresses`` while they were here, to nobody else.

    Whoever is invited by such an address later is somebody else, whom a colleague's address was given to.
    """
    return Invitation.objects.filter(_meant(person, addresses))


def invited_as(person: User, addresses: Iterable[str]) -> list[int]:
    """The numbers of all invitations of theirs that there ever were."""
    used_by_others = Invitation.history.filter(person__isnull=False).exclude(person=person).values("id")
    rows = Invitation.history.filter(_meant(person, addresses)).exclude(id__in=used_by_others)
    return sorted(set(rows.values_list("id", flat=True)))


def _meant(person: User, addresses: Iterable[str]) -> Q:
    went = Q(email__in=list(addresses), person=None, created_at__lt=_left_at(person))
    return Q(person=person) | went


def _left_at(person: User) -> datetime:
    """When they were switched off for good; now, where no history says so."""
    active = person.history.filter(is_active=True).order_by("pk").last()
    since = person.history.filter(is_active=False, pk__gt=active.pk if active else 0).order_by("pk").first()
    return since.history_date if since else clock.now()
