"""Text messages that came in: each is carried out once, however often it is posted."""

from __future__ import annotations

from datetime import timedelta

from apps.core import clock
from apps.integrations.models import TextReply
from apps.notifications import replies

#: A provider posts again within minutes; what is older is forgotten.
KEPT = timedelta(days=2)


def take(*, sid: str, number: str, text: str) -> str:
    """Carry out what was written from ``number``, and return the answer; one that is known already gets the same."""
    if not sid or not number:
        return ""
    reply, is_new = TextReply.objects.get_or_create(sid=sid[:64], defaults={"at": clock.now()})
    if not is_new:
        return reply.answer
    try:
        reply.answer = replies.by_text_message(number, text)
    except Exception:
        reply.delete()  # it was not carried out: the next try of the provider's is
        raise
    reply.save(update_fields=["answer"])
    return reply.answer


def forget_old() -> None:
    """Delete what no provider posts again."""
    TextReply.objects.filter(at__lt=clock.now() - KEPT).delete()
