"""An incident on the status page, over HTTP (R25)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.communications.models import (
    LONGEST_POST,
    ComponentStatus,
    Publication,
    PublicImpact,
    PublicStatus,
    SocialPost,
)
from apps.communications.status_page import actions, queries, social
from apps.communications.status_page.actions import LONGEST_REASON
from apps.communications.status_page.documents import address
from apps.communications.status_page.rules import Notice
from apps.core.pagination import OldestFirst
from apps.desk.api.answers import IncidentSerializer
from apps.desk.api.base import AboutIncidents
from apps.desk.api.requests import LONGEST_TEXT
from apps.incidents.models import Via
from apps.teams.authentication import caller
from apps.teams.representation import PersonSerializer


class PublishSerializer(serializers.Serializer[Any]):
    """What everybody is to read: a message, or the update for customers whose words it has."""

    name = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(PublicStatus.choices)
    impact = serializers.ChoiceField(PublicImpact.choices)
    message = serializers.CharField(max_length=LONGEST_TEXT, required=False, default="", allow_blank=True)
    update_id = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1,
        help_text="An update for customers that nobody published yet; its words are published.",
    )  # fmt: skip
    components = serializers.DictField(
        child=serializers.ChoiceField(ComponentStatus.choices), required=False, allow_null=True, default=None,
        help_text="How each affected component is, by the slug of its service; without it they are as told last.",
    )  # fmt: skip
    after = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=2**63 - 1,
        help_text="The last_published that this was written after; 409 if something was published since.",
    )  # fmt: skip
    preview = serializers.BooleanField(default=False, help_text="Only check it: nothing is published.")


class TakeOffSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """How the incident is known to everybody; nothing once it was taken off."""

    status = serializers.ChoiceField(PublicStatus.choices)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Publication
        fields = (
            "name", "status", "impact", "url", "published_at", "changed_at", "resolved_at", "taken_off_at",
            "taken_off_reason",
        )  # fmt: skip
        read_only_fields = fields

    def get_url(self, publication: Publication) -> str:
        return address("status_incident", publication.code)


class StatusPageSerializer(serializers.Serializer[Any]):
    """How it was published, and why it never is: empty where it may be."""

    publication = PublicationSerializer(allow_null=True)
    why_hidden = serializers.CharField()
    last_published = serializers.IntegerField(help_text="The message that was published last; 0 if there is none.")


class SocialPostSerializer(serializers.ModelSerializer[SocialPost]):
    """A post for social media, and what became of it."""

    proposed_by = PersonSerializer()
    decided_by = PersonSerializer(allow_null=True)

    class Meta:
        model = SocialPost
        fields = ("id", "text", "state", "error", "proposed_by", "proposed_at", "decided_by", "decided_at", "sent_at")
        read_only_fields = fields


class ProposePostSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_POST)


class Publishing(AboutIncidents):
    """What its commander and communications lead tell everybody of an incident."""

    @extend_schema(operation_id="incident_status_page_read", responses=StatusPageSerializer)
    @action(detail=True, methods=["get"], url_path="status-page")
    def status_page(self, request: Request, reference: str) -> Response:
        """How it stands on the status page."""
        incident = self.incident()
        last = queries.last_told(incident)
        found = {
            "publication": queries.publication_of(incident),
            "why_hidden": queries.why_hidden(incident),
            "last_published": last.pk if last else 0,
        }
        return Response(StatusPageSerializer(found).data)

    @extend_schema(operation_id="incident_status_page", request=PublishSerializer, responses=IncidentSerializer)
    @status_page.mapping.post
    def publish(self, request: Request, reference: str) -> Response:
        """Publish it, or tell how it goes on; 409 for what is private, a drill, or out of date (`after`)."""
        incident, told = self.incident(), self.understood(PublishSerializer)
        components = queries.components_told(incident, told["components"])
        notice = Notice(told["name"], told["status"], told["impact"], told["message"], components, told["after"])
        if told["preview"]:
            actions.rehearse(incident.pk, notice, by=caller(request), update=told["update_id"])
        else:
            actions.publish(incident.pk, notice, by=caller(request), via=Via.API, update=told["update_id"])
        return self.answer(incident)

    @extend_schema(operation_id="incident_take_off", request=TakeOffSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="status-page/take-off")
    def take_off(self, request: Request, reference: str) -> Response:
        """Take it off the status page, for good."""
        incident, told = self.incident(), self.understood(TakeOffSerializer)
        actions.take_off(incident.pk, reason=told["reason"], by=caller(request), via=Via.API)
        return self.answer(incident)

    @extend_schema(operation_id="incident_social_posts", responses=SocialPostSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="social-posts", pagination_class=OldestFirst)
    def social_posts(self, request: Request, reference: str) -> Response:
        """What was proposed for social media, and what became of it, oldest first."""
        found = SocialPost.objects.filter(publication__incident=self.incident())
        page = self.paginate_queryset(found.select_related("proposed_by", "decided_by"))
        return self.get_paginated_response(SocialPostSerializer(page, many=True).data)

    @extend_schema(operation_id="incident_propose_post", request=ProposePostSerializer, responses=IncidentSerializer)
    @social_posts.mapping.post
    def propose_post(self, request: Request, reference: str) -> Response:
        """Propose a post about what is on the status page; nothing leaves the house."""
        incident, told = self.incident(), self.understood(ProposePostSerializer)
        social.propose(incident.pk, text=told["text"], by=caller(request), via=Via.API)
        return self.answer(incident)

    @extend_schema(operation_id="incident_decide_post", request=None, responses=IncidentSerializer)
    @action(
        detail=True, methods=["post"], url_path="social-posts/(?P<post>[1-9][0-9]{0,17})/(?P<decision>approve|refuse)"
    )
    def decide_post(self, request: Request, reference: str, post: str, decision: str) -> Response:
        """Approve a post, which sends it, or refuse it."""
        incident = self.incident()
        found = SocialPost.objects.filter(publication__incident=incident, pk=post).first()
        if found is None:
            raise NotFound
        decide = social.approve if decision == "approve" else social.refuse
        decide(found.pk, by=caller(request), via=Via.API)
        return self.answer(incident)
