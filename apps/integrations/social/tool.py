"""A webhook that posts in social media: whoever keeps it decides where (R26). Signed as Standard Webhooks are."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from apps.core import clock, http
from apps.core.errors import ProviderError
from apps.integrations.tools import Post, Provider, Setting, register
from apps.integrations.webhooks.client import WebhookClient


class Poster:
    """Each post is an event of the type ``social_post``, under the same id at every attempt."""

    def __init__(self, client: WebhookClient, *, url: str, secret: str) -> None:
        self._client = client
        self._url = url
        self._secret = secret

    def post(self, post: Post) -> None:
        """Have it posted. Raises ProviderError."""
        told = {"type": "social_post", "id": post.key, "text": post.text, "url": post.url}
        self._send(post.key, {**told, "at": clock.now().isoformat()}, reference=post.reference)

    def check(self) -> str:
        """Send an event of the type ``test``, of which nothing is posted."""
        self._send("ado-incidents-connection-test", {"type": "test"})
        return "It takes our events."

    def _send(self, key: str, event: Mapping[str, str], *, reference: str = "") -> None:
        headers = {"X-ADO-Incident": reference} if reference else {}
        content = json.dumps(event, ensure_ascii=False)
        self._client.post(
            self._url, content, event_id=key, secret=self._secret, now=clock.now(), headers=headers
        )  # fmt: skip


@contextmanager
def opened(told: Mapping[str, str]) -> Iterator[Poster]:
    """Reach the webhook. Raises ProviderError for a secret that signs nothing."""
    secret = told["secret"].strip()
    try:
        b64decode(secret.removeprefix("whsec_"), validate=True)
    except NotBase64 as error:
        raise ProviderError("The secret is base64, with or without whsec_ before it.", permanent=True) from error
    with http.client(public_only=True) as client:
        yield Poster(WebhookClient(client), url=told["url"], secret=secret)


register(
    Provider(
        key="social",
        label="Social media (webhook)",
        settings=(
            Setting("url", "Address", address=True, leads=True, help_text="Of the webhook that posts what it is sent."),
            Setting("secret", "Secret", secret=True, help_text="By which it checks our signature: whsec_… (base64)."),
        ),
        posts=opened,
    )
)
