"""Tells the audit stream how people came in, and what became of their ways of doing so."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
    user_logged_in,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from allauth.socialaccount.signals import social_account_added
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from apps.core import audited
from apps.core.audited import Act
from apps.identity import devices, forgotten, guesses, leaving, sessions, sparing
from apps.identity.lockout import account_of
from apps.teams import actions as teams
from apps.teams import factors
from apps.teams.models import User

_METHODS = {"password": "the password", "socialaccount": "an identity provider", "invitation": "an invitation"}


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """By which steps it was: password, then a code. Of a browser that is not known the person is told."""
    records = get_authentication_records(request, user)
    steps = [_step(record) for record in records]
    how = " and ".join(steps) or "nothing"
    audited.note(Act.SIGNED_IN, f"Signed in with {how}", by=user, about=user, how=steps)
    joined = any(record["method"] == "invitation" for record in records)
    if not joined and not devices.has_been_seen(request, user):
        device = sessions.device_of(request.headers.get("User-Agent", ""))
        teams.tell_of_way_in(user, f"Somebody signed in as you with {how}, on {device}, for the first time there.")


@receiver(user_login_failed)
def note_wrong_password(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Of which account, where there is one: what else was typed may be a secret in the wrong field.

    Of many from one address in a minute there is one row, and the next says how many there were.
    """
    person = _person(account_of(request, credentials) if request is not None else "")
    if person is not None:
        guesses.count(person)
    if (more := sparing.worth_a_row(person)) is not None:
        where = "" if person else ", of an account that there is not"
        others = f"; {more} more before this one" if more else ""
        audited.note(Act.SIGN_IN_FAILED, f"Wrong password{where}{others}", by=None, about=person, times=more + 1)


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
    _told(user, Act.FACTOR_ADDED, f"Added {factors.NAMES[authenticator.type]}")


@receiver(authenticator_removed)
def note_removed_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    """One way less."""
    _told(user, Act.FACTOR_REMOVED, f"Removed {factors.NAMES[authenticator.type]}")


@receiver([password_changed, password_set])
def note_password(request: HttpRequest, user: User, signal: Any, **_: Any) -> None:
    """The password is another, or the first; every other session is over."""
    _told(user, Act.FACTOR_ADDED, "Changed the password" if signal is password_changed else "Chose a password")
    sessions.end(sessions.others_of(user, than=request.session.session_key), by=user)


@receiver(password_reset)
def note_chosen_password(user: User, **_: Any) -> None:
    """Chosen by whoever reads their mail; every session is over, and what was typed wrong before is forgotten."""
    _told(user, Act.FACTOR_ADDED, "Chose another password by a link in the mail")
    leaving.end_their_sessions(user)
    forgotten.forget_wrong_passwords(user)


@receiver(social_account_added)
def note_linked_account(sociallogin: Any, **_: Any) -> None:
    """By their address; who came is known by what their provider says alone."""
    provider = settings.OIDC_PROVIDERS[sociallogin.account.provider].name
    teams.note_way_in(
        sociallogin.user,
        act=Act.FACTOR_ADDED,
        words=f"Linked an account at {provider}",
        told=f"An account at {provider} that has your address signs you in from now on.",
        by=None,
    )


def _told(person: User, act: Act, words: str) -> None:
    """What somebody did to their own ways in, said to the stream and to them."""
    teams.note_way_in(
        person, act=act, words=words, told=f"Your ways of signing in have changed: {words.lower()}.", by=person
    )


def _step(record: dict[str, Any]) -> str:
    """What a step of a sign-in was, in words."""
    method = str(record["method"])
    if method == "mfa":
        return factors.NAMES[record["type"]]
    return _METHODS.get(method, method)


def _person(account: str) -> User | None:
    return User.objects.filter(email__iexact=account).first() if account else None
