"""Which identity providers people may sign in by, from the environment (README, "Configuration")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from environs import Env

#: Under this key provisioning keeps its groups: no provider of sign-ins has it.
SCIM = "scim"


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A provider as the environment names it; ``key`` stands in its addresses and beside what it says of groups.

    ``verified_domains``: the domains whose addresses it vouches for, where it says of none that it is verified.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    secret: str
    groups_claim: str
    verified_domains: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Where its pages are: what a form of ours may lead to."""
        found = urlsplit(self.issuer)
        return f"{found.scheme}://{found.netloc}"

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
    """The providers of ``OIDC_PROVIDERS``, by their keys. Raises EnvError for one without issuer, client or secret."""
    found = {}
    keys: list[str] = env.list("OIDC_PROVIDERS", default=[])
    for key in keys:
        with env.prefixed(f"OIDC_{key.upper().replace('-', '_')}_"):
            found[key] = OidcProvider(
                key=key,
                name=env.str("NAME", default=key.title()),
                issuer=env.str("ISSUER").rstrip("/"),
                client_id=env.str("CLIENT_ID"),
                secret=env.str("CLIENT_SECRET"),
                groups_claim=env.str("GROUPS_CLAIM", default="groups"),
                verified_domains=tuple(env.list("VERIFIED_DOMAINS", default=[])),
            )
    return found
