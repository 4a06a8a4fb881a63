"""What requests say of a roster that is made or changed: the roster, its layers, their people and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api_fields import EnteredInstant
from apps.core.century import DAYS
from apps.rosters.actions import LayerEntry
from apps.rosters.models import Layer, Restriction, Roster, Weekday
from apps.rosters.models.rosters import MOST_LAYERS, MOST_PEOPLE, MOST_RESTRICTIONS
from apps.rosters.rules import WeeklyRange
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User
from apps.teams.queries import is_a_person
from apps.teams.representation import TeamInUse

LARGEST_ID = 2**63 - 1


@extend_schema_field(OpenApiTypes.STR)
class RosterManaged(serializers.SlugRelatedField[Roster]):
    """The roster of a slug, of those that the caller manages, or the one for which that of the address stands in."""

    default_error_messages = {"does_not_exist": "You manage no roster {value}."}

    def __init__(self, **options: Any) -> None:
        super().__init__("slug", queryset=Roster.objects.none(), **options)

    def get_queryset(self) -> QuerySet[Roster]:
        managed = access.team_ids(self.context["request"].user, Permission.MANAGE)
        changed: Roster | None = self.context.get("roster")
        now = changed.stands_in_for_id if changed is not None else None
        return Roster.objects.filter(Q(team__in=managed) | Q(pk=now))


class KnowsItsFields:
    """A form within another: what it does not have is refused, as in the outer one."""

    def to_internal_value(self, data: Any) -> Any:
        known: Mapping[str, Any] = self.fields  # type: ignore[attr-defined]
        if isinstance(data, Mapping) and (unknown := sorted(map(str, data.keys() - known.keys()))):
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)  # type: ignore[misc]


class WrittenRestriction(KnowsItsFields, serializers.ModelSerializer[Restriction]):
    """A part of each week, in the layer's zone: from ``start`` on each of ``weekdays`` to ``end``, ``days`` later."""

    weekdays = serializers.ListField(
        child=serializers.ChoiceField(Weekday.choices), min_length=1, max_length=len(Weekday)
    )

    class Meta:
        model = Restriction
        fields = ("weekdays", "start", "end", "days")
        extra_kwargs: ClassVar[dict[str, Any]] = {"start": {"required": True}, "end": {"required": True}}

    def validate(self, said: dict[str, Any]) -> WeeklyRange:
        return WeeklyRange(frozenset(said["weekdays"]), said["start"], said["end"], said.get("days", 0))


class WrittenLayer(KnowsItsFields, serializers.ModelSerializer[Layer]):
    """A layer as it is to be, whole: a field that is left out is as in a new layer.

    It is the layer of its ``id``, without one that of its ``name``, else a new one. Without ``starts_on`` its first
    day stays, that of a new one is today; without ``position`` it is the place in the list.
    """

    id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    from_calendar = serializers.BooleanField(read_only=True)
    people = serializers.ListField(
        child=serializers.EmailField(), max_length=MOST_PEOPLE, help_text="In the order of their turns."
    )
    restrictions: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=WrittenRestriction(), required=False, max_length=MOST_RESTRICTIONS
    )

    class Meta:
        model = Layer
        fields = (
            "id", "name", "position", "rotation", "length", "handoff_time", "handoff_weekday", "starts_on", "ends_on",
            "time_zone", "holidays_of", "at_once", "from_calendar", "people", "restrictions",
        )  # fmt: skip
        extra_kwargs: ClassVar[dict[str, Any]] = {"starts_on": {"required": False}, "position": {"required": False}}


class WrittenRoster(serializers.ModelSerializer[Roster]):
    """What a roster is to be. ``layers`` are all of its layers, lowest first: the highest wins."""

    frozen_until = EnteredInstant(required=False, allow_null=True)
    stands_in_for = RosterManaged(required=False, allow_null=True)
    stands_in_from = EnteredInstant(required=False, allow_null=True)
    stands_in_until = EnteredInstant(required=False, allow_null=True)
    layers: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=WrittenLayer(), required=False, max_length=MOST_LAYERS,
        help_text="Left out they stay. A layer that is not in the list goes, but for one whose turns come from a"
        " calendar.",
    )  # fmt: skip
    accept_gaps = serializers.BooleanField(
        required=False, default=False, help_text="Do it even where nobody is on call for a while then."
    )

    class Meta:
        model = Roster
        fields: tuple[str, ...] = (
            "name", "time_zone", "holidays_of", "is_primary", "frozen_until", "stands_in_for", "stands_in_from",
            "stands_in_until", "layers", "accept_gaps",
        )  # fmt: skip
        validators: ClassVar[list[Any]] = []  # what constraints forbid the action tells, beside the field

    def validate_layers(self, said: list[dict[str, Any]]) -> list[LayerEntry]:
        """The layers with their people. Raises ValidationError, by layer, for addresses that nobody has. One query."""
        known = self._people({address.lower() for layer in said for address in layer["people"]})
        unknown = [[address for address in layer["people"] if address.lower() not in known] for layer in said]
        if any(unknown):
            raise serializers.ValidationError(
                [{"people": [f"Nobody here has the address {', '.join(some)}."]} if some else {} for some in unknown]
            )
        return [
            LayerEntry(
                id=layer.pop("id", None),
                people=[known[address.lower()] for address in layer.pop("people")],
                restrictions=layer.pop("restrictions", ()),
                fields=layer,
            )
            for layer in said
        ]

    def _people(self, addresses: set[str]) -> dict[str, User]:
        """By their addresses those who are active; whoever has left stays in the layers until they are taken out."""
        reachable = Q(is_active=True)
        if self.context.get("roster") is not None:
            reachable |= Q(layer_places__layer__roster=self.context["roster"])
        people = User.objects.alias(address=Lower("email")).filter(is_a_person(), address__in=addresses)
        return {person.email.lower(): person for person in people.filter(reachable).distinct()}


class MadeRoster(WrittenRoster):
    """A new roster. Its slug and its team are chosen once."""

    team = TeamInUse()

    class Meta(WrittenRoster.Meta):
        fields = ("slug", "team", *WrittenRoster.Meta.fields)
        # Whether a slug is taken the action finds out, after the right: it may be that of a roster one cannot see.
        extra_kwargs: ClassVar[dict[str, Any]] = {"slug": {"validators": []}}


class ChangedRoster(WrittenRoster):
    """What is to be another way; what is not named stays.

    With the ``version`` that one read it is refused (409) once somebody else changed the roster. What never changes may
    be sent as it was read.
    """

    version = serializers.CharField(required=False)
    team = serializers.SlugField(source="team.slug", read_only=True)

    class Meta(WrittenRoster.Meta):
        fields = ("slug", "team", "retired_at", *WrittenRoster.Meta.fields, "version")
        read_only_fields = ("slug", "team", "retired_at")
        extra_kwargs: ClassVar[dict[str, Any]] = {"name": {"required": False}}

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        """Raise ValidationError for another value of what never changes: a change is made or refused, not ignored."""
        sent, roster = cast("Mapping[str, Any]", self.initial_data), self.context["roster"]
        stays = {"slug": roster.slug, "team": roster.team.slug, "retired_at": None}
        fixed = [name for name, value in stays.items() if sent.get(name, value) != value]
        if fixed:
            raise serializers.ValidationError({name: ["It cannot be changed here."] for name in fixed})
        return said


class AcceptsGaps(serializers.Serializer[Any]):
    """Whether it is done even where nobody is on call for a while then."""

    accept_gaps = serializers.BooleanField(required=False, default=False)


class EnteredSplit(AcceptsGaps):
    """Which layer is to be changed, by its id, and from which day on."""

    layer = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    day = serializers.DateField(validators=DAYS)
