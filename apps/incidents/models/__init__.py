"""The tables of incidents, one subject a module."""

from apps.incidents.models.access_grants import AccessGrant
from apps.incidents.models.checklists import OF_EVERY_INCIDENT, ChecklistItem, ChecklistPart, ChecklistTemplateItem
from apps.incidents.models.clocks import Clock, ClockName
from apps.incidents.models.helpers import RequestState, ResponderRequest, Watcher
from apps.incidents.models.impact import DataIntegrity, ImpactAssessment
from apps.incidents.models.incident import ENDED, OPEN, Detection, Incident, Involvement, Status
from apps.incidents.models.procedures import Procedures, ProceduresOrigin, ProceduresRevision
from apps.incidents.models.resolution import Resolution
from apps.incidents.models.roles import Expert, ResponseRole, RoleAssignment, RoleCandidate, RoleInvitation
from apps.incidents.models.severity import Severity
from apps.incidents.models.timeline import CauseField, EventKind, TimelineEvent, Via

__all__ = [
    "ENDED",
    "OF_EVERY_INCIDENT",
    "OPEN",
    "AccessGrant",
    "CauseField",
    "ChecklistItem",
    "ChecklistPart",
    "ChecklistTemplateItem",
    "Clock",
    "ClockName",
    "DataIntegrity",
    "Detection",
    "EventKind",
    "Expert",
    "ImpactAssessment",
    "Incident",
    "Involvement",
    "Procedures",
    "ProceduresOrigin",
    "ProceduresRevision",
    "RequestState",
    "Resolution",
    "ResponderRequest",
    "ResponseRole",
    "RoleAssignment",
    "RoleCandidate",
    "RoleInvitation",
    "Severity",
    "Status",
    "TimelineEvent",
    "Via",
    "Watcher",
]
