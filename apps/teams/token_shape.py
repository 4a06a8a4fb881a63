"""How the secrets of tokens look (``core.keys``): one prefix for those of people, one for those of service accounts."""

from __future__ import annotations

from apps.core import keys
from apps.teams.models import User

PERSONAL, SERVICE = "adop_", "ados_"


def prefix_for(person: User) -> str:
    """What the secrets of tokens begin with that act for ``person``."""
    return SERVICE if person.is_service_account else PERSONAL


def can_be_one(secret: str) -> bool:
    """Whether the secret can be that of a token; of what cannot the database need not be asked."""
    return keys.is_whole(secret, PERSONAL, SERVICE)
