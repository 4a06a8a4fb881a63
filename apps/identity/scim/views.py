"""The addresses of SCIM: what the service is, its people, its groups."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import Model
from django.http import Http404, HttpResponse
from rest_framework.request import Request
from scim2_models import (
    Context,
    ListResponse,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    Schema,
    SearchRequest,
)

from apps.core import locks
from apps.identity.scim import filters
from apps.identity.scim.answering import ScimView, answered, shown
from apps.identity.scim.kinds import Groups, Kept, People
from apps.identity.scim.patching import without
from apps.identity.scim.schemas import CONFIG, MOST_LISTED, PROVIDER, ROOT
from apps.teams.actions import lock_administrators
from apps.teams.authentication import caller

#: So many seconds a write waits for another; then it is asked to come again (503).
PATIENCE = 5.0


class ConfigView(ScimView):
    def get(self, request: Request) -> HttpResponse:
        return shown(CONFIG, Context.RESOURCE_QUERY_RESPONSE)


class DescriptionView(ScimView):
    """The list of what describes the service, or one of it by its id."""

    lists: ClassVar[Any] = None

    def get(self, request: Request, known_as: str = "") -> HttpResponse:
        found = [each for each in self.described() if not known_as or str(each.id).lower() == known_as.lower()]
        if known_as:
            if not found:
                raise Http404
            return shown(found[0], Context.RESOURCE_QUERY_RESPONSE)
        listed = self.lists(total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
        return answered(listed.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))

    def described(self) -> Any:
        raise NotImplementedError


class SchemasView(DescriptionView):
    lists = ListResponse[Schema]

    def described(self) -> Any:
        return PROVIDER.schemas


class ResourceTypesView(DescriptionView):
    lists = ListResponse[ResourceType]

    def described(self) -> Any:
        return PROVIDER.resource_types


class ResourcesView(ScimView):
    """All resources of a kind: looked for, and made."""

    kept: ClassVar[Kept]

    def get(self, request: Request) -> HttpResponse:
        """A page of what fits the filter, in order; ``count`` of 0 only counts."""
        asked = self.kept.asks.model_validate(request.query_params.dict(), scim_ctx=Context.SEARCH_REQUEST)
        fits = filters.where(asked.filter.ast if asked.filter else None, self.kept.columns)
        rows = self.kept.rows()
        rows = rows.filter(pk__in=rows.model._default_manager.filter(fits).values("pk"))
        descending = asked.sort_order == SearchRequest.SortOrder.descending
        by = filters.order(str(asked.sort_by) if asked.sort_by else None, self.kept.columns, descending=descending)
        start, most = asked.start_index_0 or 0, min(MOST_LISTED, MOST_LISTED if asked.count is None else asked.count)
        page = [self.kept.resource(row) for row in rows.order_by(*by)[start : start + most]]
        listed = self.kept.lists(
            total_results=rows.count(), start_index=start + 1, items_per_page=len(page), resources=page
        )
        text = listed.model_dump_json(scim_ctx=Context.SEARCH_RESPONSE, response_parameters=asked)
        return answered(text)

    @locks.patiently(PATIENCE)
    def post(self, request: Request) -> HttpResponse:
        told = self.kept.model.model_validate(request.data, scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        made = self.kept.create(told, by=caller(request))
        resource = self.kept.resource(self.kept.rows().get(pk=made.pk))
        return shown(
            resource, Context.RESOURCE_CREATION_RESPONSE, status=HTTPStatus.CREATED, only=_only(request, self.kept)
        )


class ResourceView(ScimView):
    """One resource. Where ``If-Match`` names a version, only that one is written over."""

    kept: ClassVar[Kept]

    def get(self, request: Request, known_as: str) -> HttpResponse:
        resource = self.kept.resource(self._row(known_as))
        if _names(request, "If-None-Match", resource):
            return answered(status=HTTPStatus.NOT_MODIFIED)
        return shown(resource, Context.RESOURCE_QUERY_RESPONSE, only=_only(request, self.kept))

    @locks.patiently(PATIENCE)
    def put(self, request: Request, known_as: str) -> HttpResponse:
        row, _ = self._locked(request, known_as)
        told = self.kept.model.model_validate(request.data, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        self.kept.replace(row, told, by=caller(request))
        return self._after(request, known_as, Context.RESOURCE_REPLACEMENT_RESPONSE)

    @locks.patiently(PATIENCE)
    def patch(self, request: Request, known_as: str) -> HttpResponse:
        row, resource = self._locked(request, known_as)
        told = without(self.kept.follow, request.data)
        if told["Operations"]:
            patch = self.kept.patches.model_validate(told, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
            if patch.patch(resource):
                self.kept.patch(row, resource, by=caller(request))
        return self._after(request, known_as, Context.RESOURCE_PATCH_RESPONSE)

    @locks.patiently(PATIENCE)
    def delete(self, request: Request, known_as: str) -> HttpResponse:
        row, _ = self._locked(request, known_as)
        self.kept.delete(row, by=caller(request))
        return answered(status=HTTPStatus.NO_CONTENT)

    def _locked(self, request: Request, known_as: str) -> tuple[Model, Resource[Any]]:
        """The row and its resource, which nobody else provisions meanwhile."""
        lock_administrators()
        row = self._row(known_as)
        resource = self.kept.resource(row)
        if "If-Match" in request.headers and not _names(request, "If-Match", resource):
            raise PreconditionFailedException
        return row, resource

    def _row(self, known_as: str) -> Any:
        if not known_as.isdecimal() or len(known_as) > 18:
            raise Http404
        row = self.kept.rows().filter(pk=known_as).first()
        if row is None:
            raise Http404
        return row

    def _after(self, request: Request, known_as: str, context: Context) -> HttpResponse:
        return shown(self.kept.resource(self._row(known_as)), context, only=_only(request, self.kept))


class UsersView(ResourcesView):
    kept = People()


class UserView(ResourceView):
    kept = People()


class GroupsView(ResourcesView):
    kept = Groups()


class GroupView(ResourceView):
    kept = Groups()


class NowhereView(ScimView):
    """Whatever else is asked for below the root; a search over all kinds of resources at once is not offered."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.path == f"{ROOT}/.search":
            raise NotImplementedException
        raise Http404


def _only(request: Request, kept: Kept) -> Any:
    """The attributes that are asked for, or not wanted."""
    return kept.shows.model_validate(request.query_params.dict())


def _names(request: Request, header: str, resource: Resource[Any]) -> bool:
    """Whether the header names the version of the resource; ``*`` names any."""
    told = {each.strip() for each in request.headers.get(header, "").split(",")}
    return "*" in told or bool(resource.meta and resource.meta.version in told)
