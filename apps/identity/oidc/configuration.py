"""Which identity providers people may sign in by, from the environment (README, "Configuration")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from environs import Env, EnvError

#: Under this key provisioning keeps its groups: no provider of sign-ins has it.
SCIM = "scim"
#: What a key looks like: it stands in addresses, and in capitals in the names of settings.
_KEY = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A provider as the environment names it; ``key`` stands in its addresses and beside what it says of groups.

    ``verified_domains``: the domains whose addresses it vouches for, and no others; none named: those of which it says
    that they are verified. ``factor_values``: what ``amr`` or ``acr`` say where it asked for a second factor.
    ``origins``: where its pages are, besides the issuer's.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    secret: str
    groups_claim: str
    verified_domains: tuple[str, ...]
    factor_values: frozenset[str]
    origins: tuple[str, ...]

    @property
    def form_targets(self) -> tuple[str, ...]:
        """The origins of its pages: what a form of ours may lead to."""
        found = urlsplit(self.issuer)
        return (f"{found.scheme}://{found.netloc}", *self.origins)

    def as_app(self) -> dict[str, Any]:
        """As django-allauth is told of it."""
        return {
            "provider_id": self.key,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.secret,
            "settings": {"server_url": self.issuer, "oauth_pkce_enabled": True},
        }


def read(env: Env) -> dict[str, OidcProvider]:
    """The providers of ``OIDC_PROVIDERS``, by their keys.

    Raises EnvError for one without issuer, client or secret, for what can be no key, and where there are several and
    one of them names no domains: it would vouch for the people of the others.
    """
    found: dict[str, OidcProvider] = {}
    for key in _listed(env, "OIDC_PROVIDERS"):
        if key == SCIM or not _KEY.fullmatch(key):
            raise EnvError(f"OIDC_PROVIDERS: {key} can be no key: small letters, digits and hyphens, and not {SCIM}.")
        with env.prefixed(f"OIDC_{key.upper().replace('-', '_')}_"):
            found[key] = OidcProvider(
                key=key,
                name=env.str("NAME", default=key.title()),
                issuer=env.str("ISSUER").rstrip("/"),
                client_id=env.str("CLIENT_ID"),
                secret=env.str("CLIENT_SECRET"),
                groups_claim=env.str("GROUPS_CLAIM", default="groups"),
                verified_domains=tuple(each.lower() for each in _listed(env, "VERIFIED_DOMAINS")),
                factor_values=frozenset(_listed(env, "FACTOR_VALUES")),
                origins=tuple(each.rstrip("/") for each in _listed(env, "ORIGINS")),
            )
    for key, each in found.items():
        if len(found) > 1 and not each.verified_domains:
            raise EnvError(f"Of several providers each vouches for its own domains: {key} names no VERIFIED_DOMAINS.")
    return found


def _listed(env: Env, name: str) -> list[str]:
    found: list[str] = env.list(name, default=[])
    return found
