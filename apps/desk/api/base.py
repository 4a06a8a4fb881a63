"""How the API finds an incident, and answers with it."""

from __future__ import annotations

from http import HTTPStatus

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.response import Response

from apps.core.api import HouseViewSet
from apps.desk.api import records
from apps.desk.api.answers import IncidentSerializer
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.incidents.reading import note_reading
from apps.teams.authentication import caller


class AboutIncidents(HouseViewSet):
    """The base of what stands at ``incidents/`` and below one incident: it acts only on those the caller may see."""

    serializer_class = IncidentSerializer
    lookup_field = "reference"
    lookup_value_regex = "INC-[1-9][0-9]{0,17}"

    def get_queryset(self) -> QuerySet[Incident]:
        """The incidents that the caller may see."""
        return incidents.visible_to(caller(self.request))

    def incident(self) -> Incident:
        """The incident that the address names. Raises Http404 for one that the caller may not see."""
        try:
            found = incidents.by_reference(self.kwargs["reference"], self.get_queryset().defer("procedures__document"))
        except Incident.DoesNotExist as error:
            raise Http404 from error
        note_reading(found, by=caller(self.request))
        return found

    def answer(self, incident: Incident, *, created: bool = False) -> Response:
        """The incident as it now is, to whoever changed it; 201 with one that was ``created``."""
        found = records.of(records.complete(Incident.objects.filter(pk=incident.pk)))
        status = HTTPStatus.CREATED if created else HTTPStatus.OK
        return Response(IncidentSerializer(found[0]).data, status=status)
