"""Email over SMTP. Sends one message to one address and says what is known of the outcome."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from apps.core.errors import ProviderError
from apps.notifications import links
from apps.notifications.models import Delivery


class Unreachable(ProviderError):
    """No mail server answered."""


class OutcomeUnknown(ProviderError):
    """The connection ended after the handing over of the message began and before the server said that it has it."""


@contextmanager
def connected(delivery: Delivery) -> Iterator[Callable[[], None]]:
    """Compose the delivery's message, sign in to the mail server, and give the function that hands the message over.

    The message keeps its Message-ID at every attempt (RFC 5322, 3.6.4). Raises ProviderError (``permanent`` for a
    reply 5yz, RFC 5321), and OutcomeUnknown where the connection broke while the message was handed over.
    """
    message = compose(delivery)
    connection = get_connection(timeout=settings.EMAIL_TIMEOUT)
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        raise ProviderError(f"The mail server refused the sign-in: {_said(error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"The mail server cannot be reached: {error}") from error
    message.connection = connection
    try:
        yield lambda: _hand_over(message)
    finally:
        _close(connection)


def _hand_over(message: EmailMultiAlternatives) -> None:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise ProviderError(f"The address was refused: {code} {_text(reply)}", permanent=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise ProviderError(f"The mail was refused: {_said(error)}", permanent=error.smtp_code >= 500) from error
    except smtplib.SMTPNotSupportedError as error:
        raise ProviderError(f"The mail server cannot take it: {error}", permanent=True) from error
    except (OSError, smtplib.SMTPException) as error:
        if getattr(message.connection, "data_begun", True):
            raise OutcomeUnknown(f"The connection broke while the mail was handed over: {error}") from error
        raise Unreachable(f"The connection broke before the mail was handed over: {error}") from error
    except Exception as error:
        # A fault of ours would else look like a crash, after which it is not known what was sent.
        if getattr(message.connection, "data_begun", True):
            raise OutcomeUnknown(f"The mail was perhaps handed over: {error!r}") from error
        raise ProviderError(f"The mail cannot be written: {error!r}", permanent=True) from error


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail of a delivery: text and HTML, the acknowledge link in a page, and the headers that say what it is."""
    notification = delivery.notification
    incident = notification.incident
    context = {
        "notification": notification,
        "incident": incident,
        "acknowledge_url": links.acknowledge_url(notification) if notification.is_page and incident else "",
        "incident_url": f"{settings.SITE_URL}{incident.get_absolute_url()}" if incident else "",
        "site_url": settings.SITE_URL,
    }
    headers = {
        "Message-ID": f"<{delivery.message_id}@{urlsplit(settings.SITE_URL).hostname}>",
        "X-ADO-Kind": notification.kind,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if incident is not None:
        headers["X-ADO-Incident"] = incident.reference
        headers["References"] = f"<{incident.reference}@{urlsplit(settings.SITE_URL).hostname}>"
    if notification.level is not None:
        headers["X-ADO-Level"] = str(notification.level)
    if notification.is_page:
        headers |= {"X-Priority": "1", "Importance": "high"}
    mail = EmailMultiAlternatives(
        subject=" ".join(notification.subject.split()),
        body=render_to_string("notifications/mail.txt", context),
        to=[delivery.address],
        headers=headers,
    )
    mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def _close(connection: BaseEmailBackend) -> None:
    with suppress(OSError, smtplib.SMTPException):  # the outcome is known by now; the parting changes nothing
        connection.close()


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
