"""The SMTP connection of the house: Django's, and it remembers whether a message was on its way."""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class _Remembering:
    """What is said until DATA can be said again without harm (RFC 5321, 4.1.1.4): only then is a message in doubt."""

    data_begun = False

    def data(self, msg: Any) -> Any:
        """Send the content; from here on a connection that breaks leaves the outcome unknown."""
        self.data_begun = True
        return super().data(msg)  # type: ignore[misc]  # of smtplib.SMTP


class _Plain(_Remembering, smtplib.SMTP):
    pass


class _Encrypted(_Remembering, smtplib.SMTP_SSL):
    pass


class Backend(EmailBackend):
    """Django's SMTP backend for one message a connection."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    @property
    def data_begun(self) -> bool:
        """Whether the content of the message was begun to be handed over."""
        return bool(getattr(self.connection, "data_begun", True))
