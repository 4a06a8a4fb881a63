"""The way in. Of what django-allauth offers, only what the house has: no sign-up, no addresses to manage."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as elsewhere
from django.urls import include, path, register_converter, reverse_lazy

from apps.identity.converters import Base36Converter, ResetKeyConverter
from apps.identity.oidc import views as oidc
from apps.identity.views import factors, helping, inviting, signing_in

register_converter(Base36Converter, "base36")
register_converter(ResetKeyConverter, "reset_key")

#: Where each deed on a way of signing in leads to.
WAYS_IN = reverse_lazy("mfa_index")

own_ways_in = [
    path("", factors.ways_in, name="mfa_index"),
    path("password/", account.PasswordChangeView.as_view(success_url=WAYS_IN), name="account_change_password"),
    path("password/set/", account.PasswordSetView.as_view(success_url=WAYS_IN), name="account_set_password"),
    path("passkeys/add/", factors.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", factors.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("app/add/", app.activate_totp, name="mfa_activate_totp"),
    path("app/remove/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("providers/<slug:provider_id>/", oidc.add, name="provider_add"),
    path("providers/<slug:provider_id>/remove/", oidc.remove, name="provider_remove"),
    path("codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("codes/recovery-codes.txt", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("sessions/<int:pk>/end/", factors.end_session, name="session_end"),
    path("sessions/end-others/", factors.end_other_sessions, name="sessions_end_others"),
]

urlpatterns = [
    path("login/", signing_in.SignIn.as_view(), name="account_login"),
    path("login/second/", signing_in.SecondStep.as_view(), name="mfa_authenticate"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("login/forgotten/", account.password_reset, name="account_reset_password"),
    path("login/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("login/forgotten/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path(
        "login/forgotten/<base36:uidb36>/<reset_key:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("login/inactive/", account.account_inactive, name="account_inactive"),
    path("login/elsewhere/cancelled/", elsewhere.login_cancelled, name="socialaccount_login_cancelled"),
    path("login/elsewhere/error/", elsewhere.login_error, name="socialaccount_login_error"),
    path("login/elsewhere/signup/", elsewhere.signup, name="socialaccount_signup"),
    path("login/oidc/<slug:provider_id>/login/", oidc.leave, name="openid_connect_login"),
    path("login/oidc/<slug:provider_id>/login/callback/", oidc.come_back, name="openid_connect_callback"),
    path("logout/", account.logout, name="account_logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("confirm/elsewhere/<slug:provider_id>/", oidc.confirm, name="confirm_elsewhere"),
    path("invitations/", inviting.invite, name="invitations"),
    path("invitations/<int:pk>/take-back/", inviting.take_back, name="invitation_take_back"),
    path("people/<int:pk>/factors/", helping.reset_factors, name="factors_reset"),
    path("join/<str:token>/", inviting.join, name="invitation"),
    path("profile/sign-in/", include(own_ways_in)),
]
