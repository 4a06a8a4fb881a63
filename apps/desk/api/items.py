"""Action items with their tickets (R30)."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.integrations.items import actions
from apps.integrations.models import ItemTicket
from apps.postmortems.api import ActionItemSerializer, ActionItemViewSet
from apps.postmortems.models import ActionItem
from apps.teams.authentication import caller


class ItemTicketSerializer(serializers.ModelSerializer[ItemTicket]):
    """Where an action item is in the ticket system, and why it is not there yet."""

    url = serializers.CharField(help_text="Empty as long as it is not there.")

    class Meta:
        model = ItemTicket
        fields = ("state", "label", "url", "error", "made_at")
        read_only_fields = fields


class TicketedItemSerializer(ActionItemSerializer):
    """What is to be done because of an incident, and its ticket; null where there is no ticket system."""

    ticket = ItemTicketSerializer(allow_null=True, default=None, read_only=True)

    class Meta(ActionItemSerializer.Meta):
        fields: tuple[str, ...] = (*ActionItemSerializer.Meta.fields, "ticket")


class TicketedItems(ActionItemViewSet):
    """Action items of the incidents that one may see, oldest first."""

    serializer_class = TicketedItemSerializer

    def get_queryset(self) -> QuerySet[ActionItem]:
        """The action items that the caller may see."""
        return super().get_queryset().prefetch_related("ticket")

    @extend_schema(operation_id="action_items_retry_ticket", request=None, responses=TicketedItemSerializer)
    @action(detail=True, methods=["post"], url_path="ticket/retry")
    def retry_ticket(self, request: Request, pk: str) -> Response:
        """Try a ticket that failed once more, now."""
        actions.retry(self.get_object().pk, by=caller(request))
        return Response(self.get_serializer(self.get_object()).data)
