"""The provider that django-allauth finds here by this module's name: its OpenID Connect, and somewhat stricter."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import jwt
from allauth.socialaccount import app_settings
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.base.constants import AuthAction
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

from apps.core import clock
from apps.identity.oidc import asking, rules

#: Which nonces this browser was sent away with; so many at once, for one may sign in in several windows.
_NONCES, _MOST = "oidc_nonces", 5
#: Those of public keys: a secret that is shared with us could have signed for others too.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
#: Seconds by which the provider's clock may be off.
_CLOCKS_DIFFER = 60
#: Asks the provider to ask for the credential, whoever is signed in there, and to say when it did.
_ASK_ANEW = {"prompt": "login", "max_age": "0"}


class OidcClient(OAuth2Client):
    """Turns the code that somebody came back with into tokens, by the house's one way out."""

    def get_access_token(
        self, code: str, pkce_code_verifier: str | None = None, extra_data: Any = None
    ) -> dict[str, Any]:
        sent = {"grant_type": "authorization_code", "redirect_uri": self.callback_url, "code": code}
        if pkce_code_verifier:
            sent["code_verifier"] = pkce_code_verifier
        known = (self.consumer_key, self.consumer_secret)
        if not self.basic_auth:
            sent |= {"client_id": self.consumer_key, "client_secret": self.consumer_secret}
        answer = asking.ask("POST", self.access_token_url, data=sent, auth=known if self.basic_auth else None)
        if not all(isinstance(answer.get(name), str) for name in ("access_token", "id_token")):
            raise OAuth2Error("There is no access_token or no id_token.")
        return answer


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """Takes an answer only with an ID token that the provider signed, for this browser and this time (nonce)."""

    client_class = OidcClient

    @property
    def openid_config(self) -> Mapping[str, Any]:
        return asking.configuration(settings.OIDC_PROVIDERS[self.provider_id])

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """What it says of its own end is of no use: no token is kept."""
        return SocialToken(token=data["access_token"])

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **answered: Any) -> Any:
        """Who came: the claims of the ID token, and what else the provider says of the same person when it is asked."""
        ours = settings.OIDC_PROVIDERS[self.provider_id]
        claims = self._decode_id_token(app, answered["response"]["id_token"])
        nonces = request.session.get(_NONCES, [])
        if claims.get("nonce") not in nonces:
            raise OAuth2Error("The nonce is none of this session.")
        request.session[_NONCES] = [each for each in nonces if each != claims["nonce"]]
        more = asking.person(ours, token.token)
        if more and more.get("sub") != claims["sub"]:
            raise OAuth2Error("The provider tells of somebody else.")
        provider = self.get_provider()
        provider.claims = rules.together(claims, more)
        provider.proof = rules.proof(claims, ours, now=clock.now())
        return provider.sociallogin_from_response(request, {"id_token": {"sub": claims["sub"]}})

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """The claims, if the provider signed them for us and they are still good; else OAuth2Error."""
        ours = settings.OIDC_PROVIDERS[self.provider_id]
        try:
            found: dict[str, Any] = jwt.decode(
                id_token,
                asking.key(ours, jwt.get_unverified_header(id_token).get("kid")),
                algorithms=_ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=_CLOCKS_DIFFER,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise OAuth2Error("The id_token is not good.") from error
        sub = found["sub"]
        if not (isinstance(sub, str) and sub.isprintable() and 0 < len(sub) <= app_settings.UID_MAX_LENGTH):
            raise OAuth2Error("The sub can be nobody's number.")
        return found


class OidcProvider(OpenIDConnectProvider):
    """Asks with a nonce and for nothing that an address of ours could be made to add; keeps no claims."""

    oauth2_adapter_class = OidcAdapter
    claims: dict[str, Any]
    proof: rules.Proof

    def get_auth_params_from_request(self, request: HttpRequest, action: Any) -> dict[str, str]:
        nonce = secrets.token_urlsafe(32)
        request.session[_NONCES] = [*request.session.get(_NONCES, []), nonce][-_MOST:]
        return {"nonce": nonce, **(_ASK_ANEW if action == AuthAction.REAUTHENTICATE else {})}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return self.get_default_scope()  # type: ignore[no-any-return]  # of a library without types

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        return {}


provider_classes = [OidcProvider]
