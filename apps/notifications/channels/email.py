"""Email over SMTP: one message to one address, and what is known of the outcome."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from apps.core.errors import ProviderError
from apps.notifications.transports import AddressRefused, HandOver, Message, OutcomeUnknown, Sent, Unreachable

CLOSING_DOWN = 421
#: It wants a sign-in, or another one (RFC 4954, 6).
SIGN_IN_WANTED = (530, 534, 535, 538)


class EmailTransport:
    """Email over the SMTP server of EMAIL_URL, a connection a message."""

    provider = "smtp"

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        """Sign in to the mail server, and give the function that hands a message over.

        A message keeps its Message-ID at every attempt (RFC 5322, 3.6.4). A reply 5yz (RFC 5321) is permanent; of the
        receiver's address it is AddressRefused.
        """
        with mail_server() as hand_over_mail:

            def hand_over(message: Message) -> Sent:
                mail = compose(message)
                hand_over_mail(mail)
                return Sent(provider_id=str(mail.extra_headers["Message-ID"]))

            yield hand_over


@contextmanager
def mail_server() -> Iterator[Callable[[EmailMessage], None]]:
    """Sign in to the mail server, and give the function that hands one mail over.

    Raises Unreachable where nobody is there; the function AddressRefused, ProviderError (``about_one``: this mail
    alone) and OutcomeUnknown.
    """
    connection = get_connection(timeout=settings.EMAIL_TIMEOUT)

    def hand_over(mail: EmailMessage) -> None:
        mail.connection = connection
        _hand_over(mail)

    try:
        _open(connection)
        yield hand_over
    finally:
        _close(connection)


def _open(connection: BaseEmailBackend) -> None:
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        refusal = f"The mail server refused the sign-in: {_said(error)}"
        raise ProviderError(refusal, refuses_us=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"The mail server cannot be reached: {error}") from error


def _hand_over(message: EmailMessage) -> None:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        refusal = f"The address was refused: {code} {_text(reply)}"
        raise (AddressRefused(refusal) if code >= 500 else _not_now(refusal, code)) from error
    except smtplib.SMTPResponseException as error:
        refusal = f"The mail was refused: {_said(error)}"
        if error.smtp_code >= 500:
            raise ProviderError(refusal, permanent=True, refuses_us=error.smtp_code in SIGN_IN_WANTED) from error
        raise _not_now(refusal, error.smtp_code) from error
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


def _not_now(refusal: str, code: int) -> ProviderError:
    """A reply 4yz: about this mail or address, but for 421, by which the server closes down (RFC 5321, 3.8)."""
    return ProviderError(refusal, about_one=code != CLOSING_DOWN)


def compose(message: Message) -> EmailMultiAlternatives:
    """The mail: text and HTML, the acknowledge link in a page, and the headers that say what it is."""
    host = urlsplit(settings.SITE_URL).hostname
    context = {"message": message, "incident": message.incident}
    headers = {
        "Message-ID": f"<{message.key}@{host}>",
        **message.headers,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.incident is not None:
        headers["References"] = f"<{message.incident.reference}@{host}>"
    if message.is_page:
        headers |= {"X-Priority": "1", "Importance": "high"}
    mail = EmailMultiAlternatives(
        subject=" ".join(message.subject.split()),
        body=render_to_string("notifications/mail.txt", context),
        to=[message.address],
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
