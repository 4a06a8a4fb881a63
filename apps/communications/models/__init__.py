"""When updates are due, the words they are written from, what was sent, and what everybody reads of it."""

from apps.communications.models.messages import (
    Audience,
    MessageTemplate,
    Phase,
    Update,
    UpdateSchedule,
    validate_delay,
    validate_interval,
)
from apps.communications.models.status_page import (
    Component,
    ComponentStatus,
    Publication,
    PublicImpact,
    PublicStatus,
    PublicUpdate,
)

__all__ = [
    "Audience",
    "Component",
    "ComponentStatus",
    "MessageTemplate",
    "Phase",
    "PublicImpact",
    "PublicStatus",
    "PublicUpdate",
    "Publication",
    "Update",
    "UpdateSchedule",
    "validate_delay",
    "validate_interval",
]
