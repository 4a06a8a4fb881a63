"""What an identity provider says: who somebody is, in which groups, and how it made sure of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.identity.oidc.configuration import OidcProvider

#: Where a provider names a claim that it left out for its size (OpenID Connect Core, 5.6.2): of more than 200 groups
#: Microsoft Entra names none.
_LEFT_OUT = "_claim_names"
#: So many groups of a person are read; of more it is not known in which they are not.
MOST_GROUPS = 1000
_LONGEST_GROUP, _LONGEST_NAME, _LONGEST_ADDRESS = 255, 120, 254


@dataclass(frozen=True, slots=True)
class Told:
    """Who signs in, as their provider says. ``address`` is empty unless it is one, and the provider vouches for it.

    ``groups``: their names or numbers; None where the provider left them out for their size, which says nothing.
    """

    name: str
    address: str
    groups: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Proof:
    """How it made sure of it: when it asked for a credential (UTC; None: it does not say), and whether for two."""

    asked_at: datetime | None
    with_factor: bool


def together(token: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of the ID token and, where it has none, of what the provider said when it was asked.

    Whether an address is verified is taken from where the address is: of another one it says nothing.
    """
    source = token if "email" in token else more
    return {**more, **token, **{claim: source.get(claim) for claim in ("email", "email_verified")}}


def read(claims: Mapping[str, Any], provider: OidcProvider) -> Told:
    """What ``claims`` say. A claim of groups that is not there says that they are in none."""
    address = _address(claims.get("email"))
    vouched = address and _vouches(provider, address, claims.get("email_verified"))
    return Told(
        name=_text(claims.get("name")).strip()[:_LONGEST_NAME],
        address=address if vouched else "",
        groups=_groups(claims, provider),
    )


def proof(token: Mapping[str, Any], provider: OidcProvider, *, now: datetime) -> Proof:
    """What the ID token says of how it was made sure who it is."""
    asked, means = token.get("auth_time"), token.get("amr")
    said = {str(each) for each in means} if isinstance(means, list) else set()
    said.add(str(token.get("acr")))
    at = None
    if isinstance(asked, int | float) and 0 < asked < 2**33:
        at = min(datetime.fromtimestamp(asked, UTC), now)  # its clock may be ahead
    return Proof(at, bool(said & provider.factor_values))


def _vouches(provider: OidcProvider, address: str, verified: Any) -> bool:
    if provider.verified_domains:
        return address.rpartition("@")[2] in provider.verified_domains and verified not in (False, "false")
    return verified in (True, "true")


def _address(told: Any) -> str:
    """The address in small letters. Beyond ASCII small letters are not what they seem: the Kelvin sign becomes a k."""
    address = _text(told)
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address.lower() if address.isascii() and len(address) <= _LONGEST_ADDRESS else ""


def _groups(claims: Mapping[str, Any], provider: OidcProvider) -> tuple[str, ...] | None:
    told, left_out = claims.get(provider.groups_claim), claims.get(_LEFT_OUT)
    if told is None and isinstance(left_out, Mapping) and provider.groups_claim in left_out:
        return None
    listed = told if isinstance(told, list) else [told]
    if len(listed) > MOST_GROUPS:
        return None
    return tuple(found for each in listed if 0 < len(found := _text(each)) <= _LONGEST_GROUP)


def _text(told: Any) -> str:
    """The text; empty for what is none, or holds what nobody sees: it would pass for another. Groups may be numbers."""
    if isinstance(told, bool) or not isinstance(told, str | int):
        return ""
    return str(told) if str(told).isprintable() else ""
