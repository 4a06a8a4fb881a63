"""Who one is, and the teams one may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import HouseViewSet
from apps.core.errors import NotAllowed
from apps.teams import access, actions
from apps.teams.authentication import caller
from apps.teams.models import Membership, Scope, Team, TeamRole, User, validate_time_zone
from apps.teams.representation import PersonSerializer, TeamInUse
from apps.teams.sensitive import require_of_session


class RolesOfTeamSerializer(serializers.Serializer[Any]):
    """A team with the roles that the person holds in it."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(TeamRole.choices))


class MeSerializer(serializers.ModelSerializer[User]):
    """The person who asks. ``roles`` are those held for the whole organisation."""

    teams = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "email", "name", "time_zone", "teams", "roles")
        read_only_fields = fields

    @extend_schema_field(RolesOfTeamSerializer(many=True))
    def get_teams(self, person: User) -> list[dict[str, Any]]:
        roles: dict[Team, list[str]] = {}
        for membership in person.memberships.all():
            if membership.team is not None:
                roles.setdefault(membership.team, []).append(membership.role)
        return [{"slug": team.slug, "name": team.name, "roles": held} for team, held in roles.items()]

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(TeamRole.choices)))
    def get_roles(self, person: User) -> list[str]:
        return [membership.role for membership in person.memberships.all() if membership.team is None]


class MeViewSet(HouseViewSet):
    """The person behind the credentials."""

    personal = True
    serializer_class = MeSerializer
    queryset = User.objects.none()

    @extend_schema(operation_id="me", responses=MeSerializer)
    def retrieve(self, request: Request) -> Response:
        """Who you are: address, name, time zone, and your roles by team."""
        person = User.objects.prefetch_related("memberships__team").get(pk=caller(request).pk)
        return Response(self.get_serializer(person).data)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Somebody's role in a team."""

    person = PersonSerializer()

    class Meta:
        model = Membership
        fields = ("person", "role")


class TeamSerializer(serializers.ModelSerializer[Team]):
    """A team with its members. The slug is chosen once, since alerts and links name the team by it.

    ``parent`` is the team above it, whose managers manage it too; administrators set it, null takes it away.
    """

    parent = TeamInUse(required=False, allow_null=True)  # type: ignore[assignment]  # also an attribute of a Field
    time_zone = serializers.CharField(default="UTC", max_length=64, validators=[validate_time_zone])
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    members = MemberSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = Team
        fields = ("slug", "name", "description", "parent", "time_zone", "is_active", "members")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if self.instance is not None:
            fields["slug"].read_only = True
        return fields


class TeamViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.ListModelMixin, HouseViewSet
):
    """The teams one may see. Administrators create them and put them below others; managers edit their own."""

    serializer_class = TeamSerializer
    write_scope = Scope.MANAGE
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    http_method_names = ("get", "post", "patch", "head", "options")

    def get_queryset(self) -> QuerySet[Team]:
        """The teams that the caller may see, with their members."""
        members = Membership.objects.select_related("person")
        visible = access.team_ids(self.request.user, access.Permission.VIEW)
        return (
            Team.objects.filter(pk__in=visible)
            .select_related("parent")
            .prefetch_related(Prefetch("memberships", members))
        )

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Create a team, as an administrator."""
        # Before the fields are checked: that a slug is taken is nothing to be told about teams that one cannot see.
        if not access.is_administrator(caller(request)):
            raise NotAllowed(f"{caller(request)} has no right to create teams.")
        require_of_session(request)
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = actions.create_team(by=caller(self.request), **serializer.validated_data)

    def perform_update(self, serializer: Any) -> None:
        require_of_session(self.request)
        team = actions.change_team(serializer.instance, by=caller(self.request), **serializer.validated_data)
        serializer.instance = team
