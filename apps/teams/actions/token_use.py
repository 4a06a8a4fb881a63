"""What is noted of the use of tokens: when, and from where."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import audited, clock, origins
from apps.core.audited import Act
from apps.teams.models import ApiToken

LAST_USE_IS_NOTED_EVERY = timedelta(minutes=5)
#: So many addresses of a token are remembered, the newest: who comes from an older one again is told of again.
ADDRESSES_KEPT = 20


def note_use(token: ApiToken) -> None:
    """Note that the token is used now, at most every five minutes; from an address that is new to it at once.

    That is told to the audit stream (TOKEN_ELSEWHERE), once however many requests come at the same time.
    """
    now, address = clock.now(), origins.current().address
    is_new = bool(address) and address not in token.known_addresses
    if is_new:
        _tell_of(token, address)
    if is_new or token.last_used_at is None or now - token.last_used_at > LAST_USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address or None)


@transaction.atomic
def _tell_of(token: ApiToken, address: str) -> None:
    kept = [*token.known_addresses, address][-ADDRESSES_KEPT:]
    strangers = ApiToken.objects.filter(pk=token.pk).exclude(known_addresses__contains=[address])
    if strangers.update(known_addresses=kept):
        text = f"Used the token {token.name} from {address} for the first time"
        audited.note(Act.TOKEN_ELSEWHERE, text, by=token.person, about=token, teams=tuple(token.team_ids or ()))
