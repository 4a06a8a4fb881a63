"""What the engine calls for providers: answers that are owed, and what is no longer needed."""

from __future__ import annotations

from datetime import timedelta

import structlog

from apps.communications.status_page import social
from apps.core import retention
from apps.core.errors import ProviderError
from apps.engine.models import Timer
from apps.engine.registry import Lane, handler, on_dead, recurring
from apps.integrations.items import actions as items
from apps.integrations.items import bringing as telling
from apps.integrations.models import SlackAnswer, SlackCommand, TextReply
from apps.integrations.slack import answering, asking, interaction
from apps.integrations.social import posting
from apps.integrations.steps import actions as steps
from apps.integrations.steps import bringing, checking
from apps.integrations.twilio import inbox

log = structlog.get_logger(__name__)

TRIES = 4
#: How often ticket systems are asked which action items are done.
ITEMS_ASKED = timedelta(minutes=5)
#: Of each kind of step; together fewer than the lane has threads.
STEPS_AT_ONCE = 2


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


@handler(asking.ASKED, lane=Lane.WORK, transactional=False, at_once=2)
def carry_out_what_was_asked_in_slack(timer: Timer) -> None:
    """Do what a command asks for, and answer it."""
    command = SlackCommand.objects.filter(pk=timer.payload["command"]).first()
    if command is None:
        return
    try:
        asking.carry_out(command)
    except ProviderError as error:
        if not error.permanent and timer.attempts < TRIES:
            raise
        log.warning("slack_not_told", error=str(error))
        asking.forget(command)


@handler(steps.LOOK, lane=Lane.WORK)
def look_what_is_to_be_made(timer: Timer) -> None:
    """Plan the steps of an incident and bring their providers up to date (R14)."""
    steps.look(timer.payload["incident"])


def bring_a_provider_up_to_date(timer: Timer) -> None:
    """Make what is not made, tell what happened since, end what is over."""
    bringing.bring(timer.payload["step"])


def give_a_step_up(timer: Timer, error: str) -> None:
    """It is shown as failed, with a button to try it again."""
    steps.note_failure(timer.payload["step"], error, for_good=True)


for kind in steps.BRING.values():
    handler(kind, lane=Lane.WORK, transactional=False, at_once=STEPS_AT_ONCE)(bring_a_provider_up_to_date)
    on_dead(kind)(give_a_step_up)


@handler(items.TELL, lane=Lane.WORK, transactional=False, at_once=2)
def bring_a_ticket_up_to_date(timer: Timer) -> None:
    """Make the ticket of an action item, or change it (R30)."""
    telling.tell(timer.payload["item"])


@on_dead(items.TELL)
def give_a_ticket_up(timer: Timer, error: str) -> None:
    """It is shown as failed, with a button to try it again."""
    items.note_failure(timer.payload["item"], error, for_good=True)


@recurring(items.ASK, every=ITEMS_ASKED, lane=Lane.WORK, transactional=False)
def ask_which_items_are_done(timer: Timer) -> None:
    """Record as done what is done in the ticket system (R30)."""
    telling.ask()


@handler(posting.POST, lane=Lane.WORK, transactional=False, at_once=1)
def post_in_social_media(timer: Timer) -> None:
    """Post what was approved (R26)."""
    posting.post(timer.payload["post"])


@on_dead(posting.POST)
def give_a_post_up(timer: Timer, error: str) -> None:
    """It is shown as failed."""
    social.note_failed(timer.payload["post"], error)


@handler(checking.CHECK, lane=Lane.WORK, transactional=False, at_once=2, attempts=1)
def check_a_connection(timer: Timer) -> None:
    """Test a connection, as somebody asked for in the admin."""
    checking.check(timer.payload["connection"])


retention.keep(
    "slack_answers",
    "Answers that Slack was never told",
    span=lambda: answering.KEPT,
    rows=lambda before: SlackAnswer.objects.filter(written_at__lt=before),
)

retention.keep(
    "slack_commands",
    "Commands of Slack that could not be answered",
    span=lambda: asking.KEPT,
    rows=lambda before: SlackCommand.objects.filter(at__lt=before),
)
retention.keep(
    "text_replies",
    "Text messages that no provider posts again",
    span=lambda: inbox.KEPT,
    rows=lambda before: TextReply.objects.filter(at__lt=before),
)
