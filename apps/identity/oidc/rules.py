"""What the claims of an identity provider say: who somebody is, and in which groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.identity.oidc.configuration import OidcProvider

#: Where a provider names a claim that it left out for its size (OpenID Connect Core, 5.6.2): of more than 200 groups
#: Microsoft Entra names none.
_LEFT_OUT = "_claim_names"


@dataclass(frozen=True, slots=True)
class Told:
    """Who signs in, as their provider says. ``address`` is empty unless it is verified.

    ``groups``: their names or numbers; None where the provider left them out for their size, which says nothing.
    """

    name: str
    address: str
    groups: tuple[str, ...] | None


def read(claims: Mapping[str, Any], provider: OidcProvider) -> Told:
    """What ``claims`` say. A claim of groups that is not there says that they are in none."""
    address = str(claims.get("email") or "").strip().lower()
    verified = claims.get("email_verified") in (True, "true") or address.rpartition("@")[2] in {
        domain.lower() for domain in provider.verified_domains
    }
    return Told(
        name=str(claims.get("name") or "")[:120], address=address if verified else "", groups=_groups(claims, provider)
    )


def _groups(claims: Mapping[str, Any], provider: OidcProvider) -> tuple[str, ...] | None:
    told = claims.get(provider.groups_claim)
    if told is None and provider.groups_claim in (claims.get(_LEFT_OUT) or {}):
        return None
    if isinstance(told, str):
        return (told,)
    return tuple(str(each) for each in told) if isinstance(told, list) else ()
