"""The contacts: of the response team, of the chain, for emergencies, and those of vendors (R7, R8)."""

from __future__ import annotations

from apps.contacts import actions
from apps.contacts.models import ContactGroup, EmergencyContact, ExternalContact, PointKind
from apps.procedures import document as said
from apps.procedures.document import Document

EMERGENCY_PREFIX = "emergency."


def read() -> dict[ContactGroup, dict[str, said.Contact]]:
    """Return the contacts in use by group and key."""
    groups: dict[ContactGroup, dict[str, said.Contact]] = {group: {} for group in ContactGroup}
    for row in EmergencyContact.objects.filter(retired_at__isnull=True).order_by("position", "pk"):
        groups[ContactGroup(row.group)][row.key] = said.Contact(
            name=row.name, title=row.title, email=row.email, phone=row.phone, slack=row.slack, pager=row.pager
        )
    return groups


def read_external() -> dict[str, said.ExternalContact]:
    """Return the external contacts in use by key."""
    rows = ExternalContact.objects.filter(retired_at__isnull=True).prefetch_related("points")
    return {
        row.key: said.ExternalContact(name=row.name, points={point.label: point.value for point in row.points.all()})
        for row in rows
    }


def reference(row: EmergencyContact | None) -> str | None:
    """Return what roles and levels name ``row`` by."""
    if row is None:
        return None
    return f"{EMERGENCY_PREFIX}{row.key}" if row.group == ContactGroup.EMERGENCY else row.key


def write(document: Document) -> dict[str, EmergencyContact]:
    """Make the contacts in use those of ``document``, the others retired; return them by what names them.

    Behind each contact with an address stands a person, who is made if there is none.
    """
    wanted = {
        ContactGroup.INCIDENT: document.incident_contacts,
        ContactGroup.ESCALATION: document.escalation_contacts,
        ContactGroup.EMERGENCY: document.emergency_contacts,
    }
    kept = [
        actions.upsert_emergency_contact(
            group=group,
            key=key,
            name=contact.name,
            title=contact.title,
            email=contact.email,
            phone=contact.phone,
            pager=contact.pager,
            slack=contact.slack,
            position=position,
        )
        for group, contacts in wanted.items()
        for position, (key, contact) in enumerate(contacts.items())
    ]
    for row in EmergencyContact.objects.filter(retired_at__isnull=True).exclude(pk__in=[row.pk for row in kept]):
        actions.retire_emergency_contact(row)
    return {str(reference(row)): row for row in kept}


def write_external(document: Document) -> None:
    """Make the external contacts in use those of ``document``, the others retired."""
    kept = [
        actions.upsert_external_contact(
            key=key,
            name=contact.name,
            points=[actions.Point(label, kind_of(value), value) for label, value in contact.points.items()],
            position=position,
        )
        for position, (key, contact) in enumerate(document.external_contacts.items())
    ]
    for row in ExternalContact.objects.filter(retired_at__isnull=True).exclude(pk__in=[row.pk for row in kept]):
        actions.retire_external_contact(row)


def kind_of(value: str) -> PointKind:
    """Return whether ``value`` is a web page, an email address or, as anything else, a phone number."""
    if value.startswith(("http://", "https://")):
        return PointKind.URL
    return PointKind.EMAIL if "@" in value else PointKind.PHONE
