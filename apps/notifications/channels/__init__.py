"""The channels that need nobody outside but a mail server; the others register from above."""

from __future__ import annotations

from apps.notifications import transports
from apps.notifications.channels.email import EmailTransport
from apps.notifications.models import Channel

transports.serve(Channel.EMAIL, EmailTransport(), when=lambda: True)
