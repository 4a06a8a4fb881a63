"""Tokens of the API: one's own, and those of the service accounts that one keeps."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import SimpleLazyObject
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import HouseViewSet
from apps.core.idempotency import ShownOnce
from apps.core.pagination import NewestFirst
from apps.teams import actions, queries
from apps.teams.authentication import caller
from apps.teams.models import ApiToken, Scope, Team, User
from apps.teams.representation import PersonSerializer, VisibleTeam
from apps.teams.sensitive import require_of_session, require_session

#: For so many days the old secret goes on unless one says otherwise: long enough to put the new one everywhere.
OVERLAP_DAYS = 1


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret. ``teams``: the slugs of those it is limited to, null for all of its owner's."""

    owner = PersonSerializer(source="person")
    teams = serializers.SerializerMethodField()
    replaced_by = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id", "name", "owner", "scope", "teams", "created_at", "expires_at", "last_used_at", "last_used_from",
            "replaces", "replaced_by",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.SlugField(), allow_null=True))
    def get_teams(self, token: ApiToken) -> list[str] | None:
        if token.team_ids is None:
            return None
        slugs: dict[int, str] = self.context["slugs"]
        return [slugs[pk] for pk in token.team_ids if pk in slugs]

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_replaced_by(self, token: ApiToken) -> int | None:
        return token.replaced_by.pk if hasattr(token, "replaced_by") else None


class MadeTokenSerializer(TokenSerializer):
    """A token that was just made, with its secret, which is shown this once."""

    token = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields = (*TokenSerializer.Meta.fields, "token")
        read_only_fields = fields

    def get_token(self, token: ApiToken) -> str:
        return str(self.context["secret"])


class KeptAccount(serializers.SlugRelatedField[User]):
    """A service account that the caller keeps, by its address."""

    default_error_messages = {"does_not_exist": "You keep no service account {value}."}

    def __init__(self, **options: Any) -> None:
        super().__init__("email", queryset=User.objects.none(), **options)

    def get_queryset(self) -> QuerySet[User]:
        return queries.kept_accounts(self.context["request"].user)


class MakeTokenSerializer(serializers.Serializer[Any]):
    """What it is called, for whom it acts (without ``account`` for you), and how far it reaches."""

    name = serializers.CharField(max_length=ApiToken._meta.get_field("name").max_length)
    account = KeptAccount(required=False, allow_null=True, default=None)
    scope = serializers.ChoiceField(Scope.choices, default=Scope.RESPOND)
    teams = VisibleTeam(many=True, required=False, allow_null=True, default=None)
    days = serializers.IntegerField(
        min_value=1, required=False, default=lambda: settings.TOKEN_LIFE.days, help_text="So long it lives."
    )


class RotateSerializer(serializers.Serializer[Any]):
    """For how many days the old secret goes on beside the new one."""

    overlap_days = serializers.IntegerField(
        min_value=0, max_value=actions.LONGEST_OVERLAP.days, required=False, default=OVERLAP_DAYS
    )


def _slugs() -> dict[int, str]:
    return dict(Team.objects.values_list("pk", "slug"))


class TokenViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, HouseViewSet):
    """Tokens that work: your own, and those of the service accounts you keep. A token sees itself alone.

    Tokens make no tokens: one that was stolen would go on in others after it was revoked. It may rotate itself, and
    then lives no longer for it.
    """

    serializer_class = TokenSerializer
    pagination_class = NewestFirst
    filter_backends = ()
    lookup_value_regex = "[0-9]{1,18}"
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        """The tokens that the caller keeps, by a session; by a token that one."""
        if isinstance(self.request.auth, ApiToken):
            return ApiToken.objects.filter(pk=self.request.auth.pk).select_related("person", "replaced_by")
        return queries.kept_tokens(caller(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        """With the slugs of teams by their ids."""
        return {**super().get_serializer_context(), "slugs": SimpleLazyObject(_slugs)}

    @extend_schema(operation_id="tokens_make", request=MakeTokenSerializer, responses={201: MadeTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token, as whoever is signed in. Its secret stands in this answer, and nowhere else."""
        require_session(request, "Tokens make no tokens: sign in.")
        told, person = self.understood(MakeTokenSerializer), caller(request)
        made = actions.issue_token(
            told["account"] or person,
            by=person,
            name=told["name"],
            scope=Scope(told["scope"]),
            teams=told["teams"],
            lives=timedelta(days=min(told["days"], timedelta.max.days)),
        )
        return self._shown(*made)

    @extend_schema(operation_id="tokens_rotate", request=RotateSerializer, responses={201: MadeTokenSerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Make its successor, which may do the same; the old secret goes on for ``overlap_days``."""
        found = self._found(pk)
        require_of_session(request)
        overlap = timedelta(days=self.understood(RotateSerializer)["overlap_days"])
        made = actions.rotate_token(
            found, by=caller(request), overlap=overlap, by_itself=isinstance(request.auth, ApiToken)
        )
        return self._shown(*made)

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke it: from now on it is refused."""
        actions.revoke_token(self._found(pk), by=caller(request), by_itself=isinstance(request.auth, ApiToken))
        return Response(status=HTTPStatus.NO_CONTENT)

    def _found(self, pk: str) -> ApiToken:
        return get_object_or_404(self.get_queryset(), pk=pk)

    def _shown(self, token: ApiToken, secret: str) -> Response:
        context = {**self.get_serializer_context(), "secret": secret}
        return ShownOnce(MadeTokenSerializer(token, context=context).data, status=HTTPStatus.CREATED)
