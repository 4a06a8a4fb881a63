"""What the engine calls for providers: answers that are owed, and what is no longer needed."""

from __future__ import annotations

import structlog

from apps.core import retention
from apps.core.errors import ProviderError
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler
from apps.integrations.models import SlackAnswer, TextReply
from apps.integrations.slack import answering, interaction
from apps.integrations.twilio import inbox

log = structlog.get_logger(__name__)

TRIES = 4


@handler(interaction.ANSWER, lane=Lane.WORK, transactional=False, at_once=1)
def answer_in_slack(timer: Timer) -> None:
    """Show in Slack what came of a button. It was carried out already: what cannot be shown need not wake anybody."""
    answer = SlackAnswer.objects.filter(pk=timer.payload.get("answer")).first()
    if answer is None:
        return
    try:
        answering.tell(answer)
    except ProviderError as error:
        if not error.permanent and timer.attempts < TRIES:
            raise
        log.warning("slack_not_told", error=str(error))
    answering.forget(answer)


retention.keep(
    "slack_answers",
    "Answers that Slack was never told",
    span=lambda: answering.KEPT,
    rows=lambda before: SlackAnswer.objects.filter(written_at__lt=before),
)
retention.keep(
    "text_replies",
    "Text messages that no provider posts again",
    span=lambda: inbox.KEPT,
    rows=lambda before: TextReply.objects.filter(at__lt=before),
)
