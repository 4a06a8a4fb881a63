"""Requests to the product, signed as Twilio signs them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import ClientError
from yarl import URL

from sandbox.exchange import Exchange


def signature(token: str, url: str, parameters: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the address and the sorted parameters of the form, in base64."""
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


async def ask(exchange: Exchange, url: str, parameters: Mapping[str, str], *, method: str = "POST") -> tuple[int, str]:
    """Send ``parameters`` to ``url`` and return status and body. Raises OSError for no answer within 15 s."""
    if method.upper() == "GET":
        parts = urlsplit(url)
        query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
        url, parameters = urlunsplit(parts._replace(query=query)), {}
    headers = {"X-Twilio-Signature": signature(exchange.secrets.twilio_token, url, parameters)}
    body = None if method.upper() == "GET" else dict(parameters)
    try:
        async with exchange.session.request(
            method.upper(), URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(errors="replace")
    except (ClientError, TimeoutError, ValueError) as error:
        raise OSError(f"{url} does not answer: {error or type(error).__name__}") from error


class StatusLine:
    """The status call-backs of one message or call: in their order, and nobody waits for them."""

    def __init__(self, exchange: Exchange, *, url: str, message: str) -> None:
        self._exchange = exchange
        self._url = url
        self._message = message
        self._last: asyncio.Task[None] | None = None

    def tell(self, parameters: Mapping[str, str]) -> None:
        """Send ``parameters`` after what was told before; an answer that is no success is noted in the diary."""
        if self._url:
            self._last = self._exchange.start(self._post(self._last, parameters))

    async def _post(self, earlier: asyncio.Task[None] | None, parameters: Mapping[str, str]) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        try:
            status, _ = await ask(self._exchange, self._url, parameters)
        except OSError as error:
            self._exchange.diary.note("trouble", str(error), message=self._message)
            return
        if status >= 400:
            self._exchange.diary.note("trouble", f"The status call-back answered {status}.", message=self._message)
