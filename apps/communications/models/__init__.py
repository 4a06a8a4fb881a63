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
from apps.communications.models.social import LONGEST_POST, PostState, SocialPost
from apps.communications.models.status_page import (
    Component,
    ComponentStatus,
    Publication,
    PublicImpact,
    PublicStatus,
    PublicUpdate,
)
from apps.communications.models.subscribers import MailState, Subscriber, SubscriberMail

__all__ = [
    "LONGEST_POST",
    "Audience",
    "Component",
    "ComponentStatus",
    "MailState",
    "MessageTemplate",
    "Phase",
    "PostState",
    "PublicImpact",
    "PublicStatus",
    "PublicUpdate",
    "Publication",
    "SocialPost",
    "Subscriber",
    "SubscriberMail",
    "Update",
    "UpdateSchedule",
    "validate_delay",
    "validate_interval",
]
