"""Tells the audit stream how people came in, and what became of their ways of doing so."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import authentication_step_completed, password_changed, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from apps.core import audited
from apps.core.audited import Act
from apps.identity import sessions
from apps.identity.lockout import account_of
from apps.teams.models import User

_METHODS = {"password": "the password", "socialaccount": "an identity provider", "invitation": "an invitation"}
_NAMES = {
    Authenticator.Type.TOTP: "an authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """By which steps it was: password, then a code."""
    how = [_step(record) for record in get_authentication_records(request, user)]
    audited.note(Act.SIGNED_IN, f"Signed in with {' and '.join(how) or 'nothing'}", by=user, about=user, how=how)


@receiver(user_login_failed)
def note_wrong_password(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Of which account, where there is one: what else was typed may be a secret in the wrong field."""
    person = _person(account_of(request, credentials) if request is not None else "")
    where = "" if person else ", of an account that there is not"
    audited.note(Act.SIGN_IN_FAILED, f"Wrong password{where}", by=None, about=person)


@receiver(authentication_failed)
def note_wrong_code(user: User, authenticator: Authenticator, **_: Any) -> None:
    """A code that does not fit: whoever typed it knows the password."""
    audited.note(Act.SIGN_IN_FAILED, "Wrong code", by=None, about=user)


@receiver(user_locked_out)
def note_lockout(username: str, **_: Any) -> None:
    """From one address nobody gets into that account for a while."""
    audited.note(Act.LOCKED_OUT, "Too many wrong passwords from one address", by=None, about=_person(username or ""))


@receiver(user_logged_out)
def note_sign_out(user: User | None = None, **_: Any) -> None:
    """Whoever was signed in no longer is."""
    if user is not None:
        audited.note(Act.SIGNED_OUT, "Signed out", by=user, about=user)


@receiver(authentication_step_completed)
def note_confirmation(request: HttpRequest, user: User, method: str, **extra: Any) -> None:
    """A credential that was asked for again; the steps of a sign-in are told once it is complete."""
    if extra.get("reauthenticated"):
        step = _step({"method": method, **extra})
        audited.note(Act.CONFIRMED, f"Confirmed who they are with {step}", by=user, about=user)


@receiver([authenticator_added, authenticator_reset])
def note_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    """A new way of signing in."""
    audited.note(Act.FACTOR_ADDED, f"Added {_NAMES[authenticator.type]}", by=user, about=user)


@receiver(authenticator_removed)
def note_removed_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    """One way less."""
    audited.note(Act.FACTOR_REMOVED, f"Removed {_NAMES[authenticator.type]}", by=user, about=user)


@receiver(password_changed)
def note_password(request: HttpRequest, user: User, **_: Any) -> None:
    """The password is another; every other session is over."""
    audited.note(Act.FACTOR_ADDED, "Changed the password", by=user, about=user)
    sessions.end(sessions.others_of(user, than=request.session.session_key), by=user)


def _step(record: dict[str, Any]) -> str:
    """What a step of a sign-in was, in words."""
    method = str(record["method"])
    if method == "mfa":
        return _NAMES[record["type"]]
    return _METHODS.get(method, method)


def _person(account: str) -> User | None:
    return User.objects.filter(email__iexact=account).first() if account else None
