"""The provider that django-allauth finds here by this module's name: its OpenID Connect, and somewhat stricter."""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest

#: Which nonces this browser was sent away with; so many at once, for one may sign in in several windows.
_NONCES, _MOST = "oidc_nonces", 5
#: Those of public keys: a secret that is shared with us could have signed for others too.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
#: Seconds by which the provider's clock may be off.
_CLOCKS_DIFFER = 60


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """Takes an answer only with an ID token that the provider signed, for this browser and this time (nonce)."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **answered: Any) -> Any:
        """Who came: the claims of the ID token, and what else the provider says of the same person when it is asked."""
        text = answered["response"].get("id_token")
        if not text:
            raise OAuth2Error("There is no id_token.")
        claims = self._decode_id_token(app, text)
        nonces = request.session.get(_NONCES, [])
        if claims.get("nonce") not in nonces:
            raise OAuth2Error("The nonce is none of this session.")
        request.session[_NONCES] = [each for each in nonces if each != claims["nonce"]]
        more = self._fetch_user_info(token.token)
        if more.get("sub") != claims.get("sub"):
            raise OAuth2Error("The provider tells of somebody else.")
        provider = self.get_provider()
        provider.claims = {**more, **claims}
        return provider.sociallogin_from_response(request, {"id_token": claims})

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """The claims, if the provider signed them for us and they are still good; else OAuth2Error."""
        config = self.openid_config
        try:
            found: dict[str, Any] = jwt.decode(
                id_token,
                self._key(id_token),
                algorithms=_ALGORITHMS,
                audience=app.client_id,
                issuer=config["issuer"],
                leeway=_CLOCKS_DIFFER,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise OAuth2Error("The id_token is not good.") from error
        return found

    def _key(self, id_token: str) -> jwt.PyJWK:
        """The key that it names; the only one where it names none."""
        named = jwt.get_unverified_header(id_token).get("kid")
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
        answer.raise_for_status()
        found = [key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if named in (None, key.key_id)]
        if len(found) != 1:
            raise jwt.InvalidKeyError
        return found[0]


class OidcProvider(OpenIDConnectProvider):
    """Asks with a nonce and for nothing that an address of ours could be made to add; keeps no claims."""

    oauth2_adapter_class = OidcAdapter
    claims: dict[str, Any]

    def get_auth_params_from_request(self, request: HttpRequest, action: Any) -> dict[str, str]:
        nonce = secrets.token_urlsafe(32)
        request.session[_NONCES] = [*request.session.get(_NONCES, []), nonce][-_MOST:]
        return {"nonce": nonce}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return self.get_default_scope()  # type: ignore[no-any-return]  # of a library without types

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        return {}


provider_classes = [OidcProvider]
