"""What is typed to sign in, and to add a way of doing so."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.mfa.base import forms as codes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms

OF_WHAT = "Of your authenticator app, or a recovery code."


def _under_its_label(form: forms.Form, name: str, label: str, *, help_text: str = "", **attributes: Any) -> None:
    """Let the field have a label and a help text instead of a placeholder."""
    field = form.fields[name]
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs |= attributes


class SignInForm(LoginForm):
    """Address and password, each under its label."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "login", "Email", autocomplete="username", autofocus=True)
        _under_its_label(self, "password", "Password")


class ConfirmForm(ReauthenticateForm):
    """The password, once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "password", "Password", autofocus=True)


class CodeForm(codes.AuthenticateForm):
    """The code that completes a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "code", "Code", help_text=OF_WHAT, autofocus=True)


class ConfirmCodeForm(codes.ReauthenticateForm):
    """The same, to confirm who one is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "code", "Code", help_text=OF_WHAT, autofocus=True)


class AddAppForm(ActivateTOTPForm):
    """The first code of an authenticator app: the app has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "code", "Code that the app shows", inputmode="numeric")


class AddPasskeyForm(AddWebAuthnForm):
    """A passkey and what it is called; each can sign in by itself."""

    passwordless = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "name", "What you call it", help_text="Such as the device that holds it.", maxlength=60)
