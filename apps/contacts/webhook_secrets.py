"""What the posts to a webhook are signed with: shown to its person, of an endpoint to administrators."""

from __future__ import annotations

import base64

from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.contacts.models import ContactMethod

_SALT = "integrations.webhooks.secret"


def secret_of(method: ContactMethod) -> str:
    """The secret of this webhook (``whsec_…``, Standard Webhooks): another for each, the same as long as it exists."""
    return secret(method.pk)


def secret(method: int) -> str:
    """The secret of the contact method of that id. Only this installation can derive it."""
    digest = salted_hmac(_SALT, str(method), secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(digest).decode()}"
