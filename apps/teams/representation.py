"""How people appear in the API (an address in requests; id, address and name in answers), and teams one asks for."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Team, User
from apps.teams.queries import is_a_person


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person, in answers."""

    class Meta:
        model = User
        fields = ("id", "email", "name")
        read_only_fields = fields


@extend_schema_field(OpenApiTypes.EMAIL)
class PersonByEmail(serializers.SlugRelatedField[User]):
    """An active person who answers, in requests: the one who has the address, in any case (``queries.is_a_person``)."""

    default_error_messages = {"does_not_exist": "Nobody here has the address {value}."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", User.objects.filter(is_a_person(), is_active=True))
        super().__init__("email__iexact", **kwargs)

    def to_internal_value(self, data: Any) -> User:
        """The person with the address ``data``. Raises ValidationError for one that nobody has."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class VisibleTeam(serializers.SlugRelatedField[Team]):
    """The team of a slug, of those that the caller may see; all others are as unknown as those that do not exist."""

    def __init__(self, slug_field: str = "slug", **options: Any) -> None:
        super().__init__(slug_field, queryset=Team.objects.none(), **options)

    def get_queryset(self) -> QuerySet[Team]:
        return Team.objects.filter(pk__in=access.team_ids(self.context["request"].user, Permission.VIEW))


class TeamInUse(VisibleTeam):
    """The team of a slug, of those in use that the caller may see."""

    default_error_messages = {"does_not_exist": "There is no team {value}."}

    def get_queryset(self) -> QuerySet[Team]:
        return super().get_queryset().filter(is_active=True)
