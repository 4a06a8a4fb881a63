"""How somebody is reached, and the emergency contacts (R7, R8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.contacts import serving
from apps.contacts.models import ContactMethod, EmergencyContact, ExternalContact, MethodKind, StoppedNumber, normalise
from apps.teams import access
from apps.teams.models import User
from apps.teams.queries import is_a_person


@dataclass(frozen=True, slots=True)
class Sheet:
    """Contacts as they stand on one page: ours by group and position, then those outside."""

    internal: list[EmergencyContact]
    external: list[ExternalContact]


def people_who_answer() -> QuerySet[User]:
    """Whom one may ask for anything: who is here and answers, which neither a webhook nor a service account does."""
    return User.objects.filter(is_a_person(), is_active=True)


def people_who_respond() -> QuerySet[User]:
    """Whom one may ask to work on an incident: of ``people_who_answer`` all but those who are here to read."""
    return people_who_answer().exclude(access.reads_only())


def reachable_methods(person: User) -> list[ContactMethod]:
    """The methods by which ``person`` may be paged, in their order; none for a person who left. One query."""
    if not person.is_active:
        return []
    return [method for method in methods_of([person])[person.pk] if method.is_usable]


def methods_of(people: Iterable[User]) -> dict[int, list[ContactMethod]]:
    """All methods of each of ``people`` by the person's id, in their order; see ``is_usable``. One query."""
    methods: dict[int, list[ContactMethod]] = {person.pk: [] for person in people}
    for method in ContactMethod.objects.filter(person__in=methods):
        methods[method.person_id].append(method)
    return methods


def can_be_paged(people: Iterable[User]) -> list[User]:
    """Those of ``people`` who have at least one usable method that this house serves and are active; one query."""
    asked = [person for person in people if person.is_active]
    methods, served = methods_of(asked), serving.kinds()
    return [
        person
        for person in asked
        if any(method.is_usable and method.kind in served for method in methods.get(person.pk, []))
    ]


def methods_at(kind: MethodKind, value: str) -> QuerySet[ContactMethod]:
    """Whose methods of ``kind`` have that address or number, however they wrote it."""
    return ContactMethod.objects.filter(kind=kind, normalised=normalise(kind, value)).select_related("person")


def is_stopped(method: ContactMethod) -> bool:
    """Whether no text message may be sent to it, a code neither, because its receiver answered STOP. One query."""
    return method.kind == MethodKind.SMS and StoppedNumber.objects.filter(number=method.normalised).exists()


def emergency_contacts() -> QuerySet[EmergencyContact]:
    """The contacts in force, by group and position, with the person who backs each."""
    return EmergencyContact.objects.filter(retired_at__isnull=True).select_related("person")


def external_contacts() -> QuerySet[ExternalContact]:
    """The contacts outside the house in force, by position, with the ways to reach them."""
    return ExternalContact.objects.filter(retired_at__isnull=True).prefetch_related("points")


def search(viewer: access.Viewer, q: str = "") -> Sheet:
    """The contacts of which some part contains every word of ``q``, in any case; all of them without ``q`` (R8).

    None for a viewer who may look nobody up.
    """
    if not access.belongs_here(viewer):
        return Sheet(internal=[], external=[])
    internal, external = emergency_contacts(), external_contacts()
    for word in q.split():
        internal = internal.filter(
            Q(name__icontains=word)
            | Q(title__icontains=word)
            | Q(key__icontains=word)
            | Q(email__icontains=word)
            | Q(phone__icontains=word)
            | Q(pager__icontains=word)
            | Q(slack__icontains=word)
        )
        matching = ExternalContact.objects.filter(
            Q(name__icontains=word)
            | Q(key__icontains=word)
            | Q(points__label__icontains=word)
            | Q(points__value__icontains=word)
        )
        external = external.filter(pk__in=matching.values("pk"))
    return Sheet(internal=list(internal), external=list(external))
