"""Rosters kept over the API: made, changed as one whole, copied, split, retired; first looked at, if one likes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Invalid, NotAllowed
from apps.rosters import actions, queries
from apps.rosters.api.forms import ChangedRoster, EnteredSplit, MadeRoster
from apps.rosters.api.overrides import AcceptsGaps, OverrideActions
from apps.rosters.api.rosters import LayerSerializer, RosterSerializer, RosterViewSet, ShiftSerializer, whole
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.authentication import caller
from apps.teams.models import Scope

#: What takes a token that may manage; the rest is done by whoever responds.
MANAGING = frozenset({"create", "partial_update", "preview", "retire", "copy", "change_from"})


class NewGapSerializer(serializers.Serializer[Any]):
    """When nobody is on call: from ``start`` up to but not including ``end``; null: as far as shifts are planned."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)


class OutlookSerializer(serializers.Serializer[Any]):
    """What a change would make: the shifts of the next six weeks, and the gaps that there are not yet."""

    shifts = ShiftSerializer(many=True)
    gaps = NewGapSerializer(many=True)


class KeptRosterViewSet(OverrideActions, RosterViewSet):
    """The rosters of the teams one may see; whoever manages a team keeps its own."""

    changed: Roster | None = None

    @property
    def write_scope(self) -> Scope:
        """The scope that a token needs to write here."""
        return Scope.MANAGE if self.action in MANAGING else Scope.RESPOND

    def get_serializer_context(self) -> dict[str, Any]:
        """With the roster that is to be changed: forms look at what it has."""
        return {**super().get_serializer_context(), "roster": self.changed}

    @extend_schema(request=MadeRoster, responses={201: RosterSerializer})
    def create(self, request: Request) -> Response:
        """Make a roster, with its layers, for a team that you manage; its shifts are filled from now on.

        A primary one that leaves times at which nobody is on call is refused (409) unless ``accept_gaps``; ``missing``
        lists the times, or the first 99 and how many more there are.
        """
        if not access.team_ids(caller(request), Permission.MANAGE):
            raise NotAllowed(f"{caller(request)} has no right to add rosters.")
        entered = self.understood(MadeRoster)
        layers, accepted = entered.pop("layers", []), entered.pop("accept_gaps")
        made = actions.create_roster(entered, layers=layers, by=caller(request), accept_gaps=accepted)
        return Response(_shown(made), status=HTTPStatus.CREATED)

    @extend_schema(request=ChangedRoster, responses=RosterSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Change what is named, from now on; what was stays on the record, and what is so already is not touched.

        A change after which nobody would be on call for a while, or the team would have no primary roster, is refused
        (409) unless ``accept_gaps``; ``missing`` lists the times, or the first 99 and how many more there are. Of a
        roster that becomes primary every time at which nobody is on call counts.
        """
        roster = self._managed()
        changes = self._changes()
        actions.change_roster(roster, **changes, by=caller(request))
        return Response(_shown(roster))

    @extend_schema(request=ChangedRoster, responses=OutlookSerializer)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, slug: str) -> Response:
        """What PATCH with the same body would make; nothing is saved."""
        roster = self._managed()
        changes = self._changes()
        del changes["accept_gaps"]
        return Response(OutlookSerializer(actions.outlook(roster, **changes, by=caller(request))).data)

    @extend_schema(request=AcceptsGaps, responses=RosterSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, slug: str) -> Response:
        """End the roster now and keep its past. One for which somebody is on call only with ``accept_gaps``."""
        roster = self._managed()
        accepted = self.understood(AcceptsGaps)["accept_gaps"]
        with actions.refusing_gaps(queries.with_stand_ins([roster]), by=caller(request), accepts_all=accepted):
            actions.retire(roster, by=caller(request))
        return Response(_shown(roster))

    @extend_schema(request=None, responses={201: RosterSerializer})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, slug: str) -> Response:
        """Make a roster with the same layers; not primary, and without overrides."""
        return Response(_shown(actions.copy(self._managed(), by=caller(request))), status=HTTPStatus.CREATED)

    @extend_schema(request=EnteredSplit, responses={201: LayerSerializer})
    @action(detail=True, methods=["post"], url_path="change-from")
    def change_from(self, request: Request, slug: str) -> Response:
        """Split a layer: what is changed in the new one, which is the answer, counts from that day on."""
        roster = self._managed()
        entered = self.understood(EnteredSplit)
        layer = roster.layers.select_related("roster__team").filter(pk=entered["layer"]).first()
        if layer is None:
            raise Invalid(f"The roster has no layer {entered['layer']}.", field="layer")
        concerned, accepted = queries.with_stood_for([roster]), entered["accept_gaps"]
        with actions.refusing_gaps(concerned, by=caller(request), accepts_all=accepted):
            following = actions.change_from(layer, entered["day"], by=caller(request))
        [shown] = [each for each in _shown(roster)["layers"] if each["id"] == following.pk]
        return Response(shown, status=HTTPStatus.CREATED)

    def _managed(self) -> Roster:
        """The roster of the address, to be changed. Raises NotAllowed, whatever the body, for who may not."""
        roster: Roster = self.get_object()
        access.require_for_team(caller(self.request), Permission.MANAGE, roster.team)
        self.changed = roster
        return roster

    def _changes(self) -> dict[str, Any]:
        """What the body says, as ``change_roster`` takes it."""
        said = self.understood(ChangedRoster)
        apart = {"layers": said.pop("layers", None), "accept_gaps": said.pop("accept_gaps")}
        return {**apart, "version": said.pop("version", ""), "changes": said}


def _shown(roster: Roster) -> dict[str, Any]:
    """The roster as it is now."""
    stored: QuerySet[Roster] = Roster.objects.filter(pk=roster.pk)
    return dict(RosterSerializer(whole(stored).get()).data)
