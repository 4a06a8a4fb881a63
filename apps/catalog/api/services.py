"""The services of the catalog (contract, "HTTP API")."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog import actions
from apps.catalog.models import Service, ServiceLink
from apps.core.api import HouseViewSet
from apps.core.errors import NotAllowed
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.models import Scope, User
from apps.teams.representation import TeamInUse


class ServiceLinkSerializer(serializers.ModelSerializer[ServiceLink]):
    """Where to look when the service breaks."""

    class Meta:
        model = ServiceLink
        fields = ("kind", "title", "url")


class ServiceSerializer(serializers.ModelSerializer[Service]):
    """A service. The slug is chosen once, since alerts name the service by it."""

    team = TeamInUse()
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    links = ServiceLinkSerializer(many=True, read_only=True)
    depends_on = serializers.SerializerMethodField()

    class Meta:
        model = Service
        fields = ("slug", "name", "team", "description", "area", "is_active", "links", "depends_on")
        # Whether a slug is taken the action finds out, after the right: it may be that of a service one cannot see.
        extra_kwargs: ClassVar[dict[str, Any]] = {"slug": {"validators": []}}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if self.instance is not None:
            fields["slug"].read_only = True
        return fields

    def get_depends_on(self, service: Service) -> list[str]:
        return [dependency.depends_on.slug for dependency in service.dependencies.all()]


class ServiceViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.ListModelMixin, HouseViewSet
):
    """The services of the teams one may see; managers of a team add and edit its own."""

    serializer_class = ServiceSerializer
    write_scope = Scope.MANAGE
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    http_method_names = ("get", "post", "patch", "head", "options")

    def get_queryset(self) -> QuerySet[Service]:
        """The services that the caller may see, those out of use included."""
        visible = access.team_ids(self.request.user, Permission.VIEW)
        services = Service.objects.filter(team__in=visible).select_related("team")
        return services.prefetch_related("links", "dependencies__depends_on")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a service to a team that you manage."""
        if not access.team_ids(caller(request), Permission.MANAGE):
            raise NotAllowed(f"{caller(request)} has no right to add services.")
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        fields = dict(serializer.validated_data)
        serializer.instance = actions.create_service(
            by=cast("User", self.request.user), team=fields.pop("team"), fields=fields
        )

    def perform_update(self, serializer: Any) -> None:
        serializer.instance = actions.update_service(
            serializer.instance, by=cast("User", self.request.user), fields=serializer.validated_data
        )
