"""People and groups as identity providers see them."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from django.db.models import Prefetch, Q, QuerySet
from scim2_models import GroupMembership, Meta, Reference, Resource

from apps.identity.groups.models import GroupMember, ProviderGroup
from apps.identity.oidc.configuration import SCIM
from apps.identity.scim.schemas import ROOT, Email, Group, Member, Name, User
from apps.teams import models as teams
from apps.teams.queries import is_a_person, was_erased

R = TypeVar("R", bound=Resource)  # type: ignore[type-arg]  # of whatever extensions


def people() -> QuerySet[teams.User]:
    """Every person but who was erased, or deleted by provisioning without coming back, with what their resources show.

    Service accounts and the stand-ins of webhooks are no people.
    """
    gone = Q(is_active=False, provisioned__deleted_at__isnull=False)
    told = GroupMember.objects.filter(group__provider=SCIM).select_related("group").order_by("group")
    rows = teams.User.objects.filter(is_a_person(), ~was_erased()).select_related("provisioned").exclude(gone)
    return rows.prefetch_related(Prefetch("provider_groups", queryset=told))


def groups() -> QuerySet[ProviderGroup]:
    """Every group that provisioning keeps, with what its resource shows; of those of sign-ins it knows nothing."""
    told = GroupMember.objects.order_by("person")
    return ProviderGroup.objects.filter(provider=SCIM).prefetch_related(Prefetch("members", queryset=told))


def person_as_resource(person: teams.User, *, base: str) -> User:
    """``base`` is the address of the house. ``person`` is one of ``people``."""
    memberships = [
        GroupMembership(
            value=str(each.group_id),
            ref=Reference(f"{base}{ROOT}/Groups/{each.group_id}"),
            display=each.group.name,
            type="direct",
        )
        for each in person.provider_groups.all()
    ]
    provisioned = getattr(person, "provisioned", None)
    found = User(
        id=str(person.pk),
        external_id=(provisioned.external_id if provisioned else "") or None,
        user_name=person.email,
        name=Name(formatted=person.name) if person.name else None,
        display_name=person.name or None,
        timezone=person.time_zone,
        active=person.is_active,
        emails=[Email(value=person.email, type="work", primary=True)],
        groups=memberships or None,
    )
    address = f"{base}{ROOT}/Users/{person.pk}"
    return _with_meta(found, Meta(resource_type="User", created=person.date_joined, location=address))


def group_as_resource(group: ProviderGroup, *, base: str) -> Group:
    """``base`` is the address of the house. ``group`` is one of ``groups``."""
    members = [
        Member(value=str(each.person_id), ref=Reference(f"{base}{ROOT}/Users/{each.person_id}"))
        for each in group.members.all()
    ]
    found = Group(
        id=str(group.pk), external_id=group.external_id or None, display_name=group.name, members=members or None
    )
    return _with_meta(found, Meta(resource_type="Group", location=f"{base}{ROOT}/Groups/{group.pk}"))


def _with_meta(resource: R, meta: Meta) -> R:
    """With its version: another one whenever anything that it shows is another."""
    digest = hashlib.sha256(resource.model_dump_json().encode()).hexdigest()
    meta.version = f'W/"{digest[:32]}"'
    resource.meta = meta
    return resource
