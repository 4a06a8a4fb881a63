"""What the engine calls for providers: answers that are owed, and what is no longer needed."""

from __future__ import annotations

from datetime import timedelta

import structlog

from apps.core.errors import ProviderError
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, recurring
from apps.integrations.models import SlackAnswer
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


@recurring("integrations.forget_slack_answers", every=timedelta(days=1), lane=Lane.BULK)
def forget_slack_answers(timer: Timer) -> None:
    """Delete the answers that Slack was never told."""
    answering.forget_old()


@recurring("integrations.forget_text_replies", every=timedelta(days=1), lane=Lane.BULK)
def forget_text_replies(timer: Timer) -> None:
    """Delete the text messages that no provider posts again."""
    inbox.forget_old()
