"""Text messages that came in: each is carried out, and once it is done not again, however often it is posted."""

from __future__ import annotations

from datetime import timedelta

from apps.core import clock
from apps.integrations.models import TextReply
from apps.notifications import replies

#: A provider posts again within minutes; what is older is forgotten.
KEPT = timedelta(days=2)


def take(*, sid: str, number: str, text: str) -> str:
    """Carry out what was written from ``number``, and return the answer; one that is done already gets the same.

    What was begun and not done (its process was killed) is taken up again when the provider posts it again: to answer
    a page twice is harmless, to lose the answer is not.
    """
    if not sid or not number:
        return ""
    reply, _ = TextReply.objects.get_or_create(sid=sid[:64], defaults={"at": clock.now()})
    if reply.done_at is None:
        reply.answer = replies.by_text_message(number, text)
        reply.done_at = clock.now()
        reply.save(update_fields=["answer", "done_at"])
    return reply.answer
