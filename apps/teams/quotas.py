"""Which requests to the API are counted together, by whoever sends them (``core.quotas``).

They are counted where it is known who asks, in authentication: what DRF calls a throttle comes after permissions were
checked, so that guesses of tokens would cost nothing.
"""

from __future__ import annotations

from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from apps.core import origins, quotas
from apps.core.quotas import Policy


def count(request: Request, who: str) -> None:
    """Count the request as one of ``who``. Raises Throttled (429) where there were too many.

    What a view names as ``answering`` (a page that is acknowledged) has a quota of its own: nobody is kept from it
    because a script of theirs asks too much.
    """
    view = request.parser_context.get("view")
    if getattr(view, "action", None) in getattr(view, "answering", ()):
        policy = Policy.ANSWER
    else:
        policy = Policy.READ if request.method in SAFE_METHODS else Policy.WRITE
    _spend(policy, who)


def count_stranger() -> None:
    """Count a request without credentials, or with wrong ones, as one of its address. Raises Throttled.

    All whose address is not known count as one. Where nobody asks at all (the description of the API is made so)
    nothing is counted.
    """
    origin = origins.current()
    if origin != origins.NOWHERE:
        _spend(Policy.STRANGER, f"address:{origins.counted(origin.address)}")


def _spend(policy: Policy, who: str) -> None:
    spent = quotas.spend(policy, who)
    if spent is not None and spent.is_exceeded:
        raise exceptions.Throttled(wait=max(spent.seconds, 1), detail=f"More than {spent.quota} requests a minute.")
