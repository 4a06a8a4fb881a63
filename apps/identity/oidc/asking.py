"""What a provider says of itself, and how it is asked: by the one way out, within seconds, and not each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from apps.core import clock, http
from apps.core.errors import ProviderError
from apps.identity.oidc.configuration import OidcProvider

#: One question and its answer together: so long a thread of the web server waits at most.
SECONDS = 3.0
#: For so long what a provider says of itself, and its keys, are not asked for again.
GOOD_FOR = timedelta(minutes=10)
#: Of a key that is not among them the provider is asked again at most so often: anybody can name one.
ASKED_AGAIN_AFTER = timedelta(minutes=1)
#: So long nobody waits again for a provider that did not answer.
LEFT_ALONE_FOR = timedelta(seconds=10)
#: Where it does not answer, what it said last is believed for so long.
BELIEVED_FOR = timedelta(hours=1)
#: What it has to say of itself for anybody to sign in.
_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class _Answer:
    """``told`` at an instant; None where there was none. ``failed_at``: when it did not answer, since."""

    at: datetime
    told: Mapping[str, Any] | None
    failed_at: datetime | None = None


_NEVER = _Answer(datetime.min.replace(tzinfo=UTC), None)
#: By address, in this process.
_answers: dict[str, _Answer] = {}


def configuration(provider: OidcProvider) -> Mapping[str, Any]:
    """Its discovery document. Raises OAuth2Error where it is not to be had, or is another issuer's."""
    found = _kept(f"{provider.issuer}/.well-known/openid-configuration", for_=GOOD_FOR)
    if missing := [name for name in _NEEDED if not isinstance(found.get(name), str)]:
        raise OAuth2Error(f"The provider does not say {missing[0]}.")
    if found["issuer"].rstrip("/") != provider.issuer:
        raise OAuth2Error("The provider says that it is another one.")
    return found


def key(provider: OidcProvider, named: str | None) -> jwt.PyJWK:
    """The key of that name; the only one where none is named. Raises OAuth2Error, jwt.PyJWTError."""
    address = configuration(provider)["jwks_uri"]
    found = _keys(address, named, for_=GOOD_FOR) or _keys(address, named, for_=ASKED_AGAIN_AFTER)
    if len(found) != 1:
        raise jwt.InvalidKeyError
    return found[0]


def person(provider: OidcProvider, access_token: str) -> Mapping[str, Any]:
    """What it says of whose token it is; nothing where it offers no such thing. Raises OAuth2Error."""
    address = configuration(provider).get("userinfo_endpoint")
    if not isinstance(address, str):
        return {}
    return ask("GET", address, headers={"Authorization": f"Bearer {access_token}"})


def ask(method: str, address: str, **sent: Any) -> dict[str, Any]:
    """Its answer, an object. Raises OAuth2Error for every other one, and for none in time."""
    try:
        with http.client(seconds=SECONDS) as client:
            return http.send(client, method, address, **sent).json()
    except ProviderError as error:
        raise OAuth2Error(f"The provider did not answer as it should: {error}") from error


def _keys(address: str, named: str | None, *, for_: timedelta) -> list[jwt.PyJWK]:
    kept = jwt.PyJWKSet.from_dict(dict(_kept(address, for_=for_)))
    return [each for each in kept.keys if named in (None, each.key_id)]


def _kept(address: str, *, for_: timedelta) -> Mapping[str, Any]:
    known, now = _answers.get(address, _NEVER), clock.now()
    believed = known.told if now - known.at < BELIEVED_FOR else None
    if believed is not None and now - known.at < for_:
        return believed
    if known.failed_at is None or now - known.failed_at >= LEFT_ALONE_FOR:
        try:
            told = ask("GET", address)
        except OAuth2Error:
            _answers[address] = replace(known, failed_at=now)
            if believed is None:
                raise
        else:
            _answers[address] = _Answer(now, told)
            return told
    if believed is None:
        raise OAuth2Error("The provider did not answer a moment ago.")
    return believed
