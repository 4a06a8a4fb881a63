"""Posts what was approved, where something is connected that posts."""

from __future__ import annotations

from django.conf import settings

from apps.communications.events import SOCIAL_POST_APPROVED
from apps.communications.models import SocialPost
from apps.communications.status_page import social
from apps.communications.status_page.documents import address
from apps.core.errors import ProviderError
from apps.core.events import on
from apps.engine import actions as engine
from apps.engine import breakers
from apps.integrations.models import Connection
from apps.integrations.steps import queries
from apps.integrations.tools import Post, provider_of

#: The kind of the timer that posts.
POST = "integrations.social_post"
NOT_CONNECTED = "Nothing is connected that posts in social media."


@on(SOCIAL_POST_APPROVED)
def post_later(post: SocialPost) -> None:
    """Let the engine post it (law 4)."""
    engine.schedule(POST, key=f"{POST}:{post.pk}", payload={"post": post.pk})


def post(post_id: int) -> None:
    """Post it, unless it was, or is about what nobody outside may read of by now.

    Raises ProviderError where another attempt is of use; what is refused for good is recorded.
    """
    found = social.still_to_be_posted(post_id)
    if found is None:
        return
    try:
        _post(found, queries.poster_for(found.publication.incident))
    except ProviderError as error:
        if not error.permanent:
            raise
        social.note_failed(post_id, str(error))
    else:
        social.note_posted(post_id)


def _post(found: SocialPost, connection: Connection | None) -> None:
    posts = provider_of(connection.provider).posts if connection else None
    if connection is None or posts is None:
        raise ProviderError(NOT_CONNECTED, permanent=True)
    told = Post(
        key=f"{settings.SITE_URL}/social-posts/{found.pk}",
        text=found.text,
        url=address("status_incident", found.publication.code),
        reference=found.publication.incident.reference,
    )
    with breakers.through(f"{connection.provider}:{connection.pk}"), posts(connection.settings) as poster:
        poster.post(told)
