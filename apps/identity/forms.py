"""What is typed to sign in, and to add a way of doing so."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.mfa.base import forms as codes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.identity import forgotten, invitations
from apps.identity.adapter import TOO_MANY_CODES
from apps.identity.passkeys import PasskeyField, read_without_trust
from apps.teams import access, factors
from apps.teams.models import Team, TeamRole, User

PASSWORD_HELP = "At least 12 characters, and none of the usual ones."  # noqa: S105
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


class NewPasswordForm(SetPasswordForm):
    """A password for whoever has none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "password1", "New password", help_text=PASSWORD_HELP)
        _under_its_label(self, "password2", "The same again")


class OtherPasswordForm(ChangePasswordForm):
    """Another password, for whoever knows the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "oldpassword", "Password until now")
        _under_its_label(self, "password1", "New password", help_text=PASSWORD_HELP)
        _under_its_label(self, "password2", "The same again")


class ForgottenForm(forms.Form):
    """The address that the link is mailed to. Whether anybody has it is not said."""

    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}))

    def save(self, request: HttpRequest, **_: Any) -> str:
        """Let it be mailed."""
        address: str = self.cleaned_data["email"]
        forgotten.ask(address)
        return address


class ChosenPasswordForm(ResetPasswordKeyForm):
    """Another password, for whoever came by the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "password1", "New password", help_text=PASSWORD_HELP)
        _under_its_label(self, "password2", "The same again")


class CodeForm(codes.AuthenticateForm):
    """The code that completes a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "code", "Code", help_text=OF_WHAT, autofocus=True)

    def clean_code(self) -> str:
        """The code. Raises ValidationError for a wrong one; after too many of them, saying what works meanwhile."""
        try:
            code: str = super().clean_code()
        except ValidationError as refused:
            if refused.code == TOO_MANY_CODES:
                raise ValidationError([refused, _what_works_meanwhile(self.user)]) from refused
            raise
        return code


def _what_works_meanwhile(person: User) -> str:
    if factors.passkeys_of(person).exists():
        return "Begin again, and use your passkey instead of the password."
    return "Only a passkey or an identity provider that knows you would sign you in meanwhile."


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
    credential = PasskeyField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _under_its_label(self, "name", "What you call it", help_text="Such as the device that holds it.", maxlength=60)

    def clean(self) -> dict[str, Any]:
        with read_without_trust():
            found: dict[str, Any] = super().clean()
        return found


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey that completes a sign-in."""

    credential = PasskeyField()

    def clean_credential(self) -> Any:
        with read_without_trust():
            return super().clean_credential()


class PasskeySignInForm(PasskeyForm, LoginWebAuthnForm):
    """The same, in place of address and password."""


class ConfirmPasskeyForm(PasskeyForm, ReauthenticateWebAuthnForm):
    """The same, to confirm who one is."""


class InviteForm(forms.Form):
    """Whom to invite, and to what: as far as the one who invites may."""

    email = forms.EmailField(label="Email")
    role = forms.ChoiceField(label="Role")
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(), required=False, label="Teams", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role, teams = self.fields["role"], self.fields["teams"]
        role.choices = [  # type: ignore[attr-defined]
            (each.value, each.label) for each in invitations.roles_given_by(by)
        ]
        role.initial = TeamRole.RESPONDER
        teams.queryset = invitations.teams_invited_to_by(by)  # type: ignore[attr-defined]
        if access.is_administrator(by):
            teams.help_text = "None: an administrator or auditor of the whole organisation."


class ReasonForm(forms.Form):
    """Why something is done to somebody."""

    reason = forms.CharField(label="Reason", max_length=200, help_text="They read it, and it stays in the record.")


class JoinForm(forms.Form):
    """Who somebody is who was invited, and the password that they choose; none where a passkey is to stand for it."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label="Password", required=False, strip=False, help_text=PASSWORD_HELP,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if "passkey" in self.data:
            found["password"] = None
        elif not found.get("password"):
            self.add_error("password", "Choose a password, or a passkey instead of it.")
        else:
            self._check_password(found["password"], name=found.get("name", ""))
        return found

    def _check_password(self, password: str, *, name: str) -> None:
        try:
            validate_password(password, User(email=self._email, name=name))
        except ValidationError as failure:
            self.add_error("password", failure)
