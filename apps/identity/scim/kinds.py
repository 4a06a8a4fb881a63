"""The kinds of resources: where their rows are, how one looks from outside, and what is done to it."""

from __future__ import annotations

from typing import Any, Protocol

from django.conf import settings
from django.db.models import QuerySet
from scim2_models import ListResponse, PatchOp, ResponseParameters, SearchRequest

from apps.identity.groups.models import ProviderGroup
from apps.identity.scim import filters, groups, people, representing
from apps.identity.scim.schemas import Group, User
from apps.teams import models as teams


class Kept(Protocol):
    """What a kind is to its views: what it is read as and written as, and the verbs of ``people`` and ``groups``."""

    model: Any
    asks: Any
    lists: Any
    patches: Any
    shows: Any
    columns: filters.Columns
    #: Attributes that follow from others: what is sent for them is dropped, where the RFC would refuse it in a patch.
    follow: frozenset[str]

    def rows(self) -> QuerySet[Any]: ...
    def resource(self, row: Any) -> Any: ...
    def create(self, told: Any, *, by: teams.User) -> Any: ...
    def replace(self, row: Any, told: Any, *, by: teams.User) -> Any: ...
    def patch(self, row: Any, told: Any, *, by: teams.User) -> Any: ...
    def delete(self, row: Any, *, by: teams.User) -> None: ...


class People:
    model: Any = User
    asks: Any = SearchRequest[User]
    lists: Any = ListResponse[User]
    patches: Any = PatchOp[User]
    shows: Any = ResponseParameters[User]
    columns = filters.PEOPLE
    follow = frozenset({"emails"})  # Microsoft Entra patches them beside userName
    rows = staticmethod(representing.people)
    create = staticmethod(people.create)
    replace = staticmethod(people.replace)
    patch = staticmethod(people.patch)
    delete = staticmethod(people.delete)

    def resource(self, row: teams.User) -> User:
        return representing.person_as_resource(row, base=settings.SITE_URL)


class Groups:
    model: Any = Group
    asks: Any = SearchRequest[Group]
    lists: Any = ListResponse[Group]
    patches: Any = PatchOp[Group]
    shows: Any = ResponseParameters[Group]
    columns = filters.GROUPS
    follow = frozenset[str]()
    rows = staticmethod(representing.groups)
    create = staticmethod(groups.create)
    replace = staticmethod(groups.change)
    patch = staticmethod(groups.change)
    delete = staticmethod(groups.delete)

    def resource(self, row: ProviderGroup) -> Group:
        return representing.group_as_resource(row, base=settings.SITE_URL)
