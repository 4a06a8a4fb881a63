"""Answers in words: what somebody writes back to a page (a text message, a chat), read and carried out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.contacts import actions as contacts
from apps.contacts import queries as contact_queries
from apps.contacts.models import MethodKind
from apps.incidents.models import Via
from apps.notifications import answers, queries
from apps.notifications.models import Notification
from apps.teams.models import User

HELP = (
    'Reply "4 CODE" or "ack CODE" to acknowledge, "6 CODE" to resolve, "no CODE" to pass on, "4 all" for all of yours.'
)


class Verb(StrEnum):
    """What a reply asks for."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    DECLINE = "decline"


_WORDS = {
    **dict.fromkeys(("4", "a", "ack", "acknowledge", "ok", "yes"), Verb.ACKNOWLEDGE),
    **dict.fromkeys(("6", "r", "resolve", "resolved"), Verb.RESOLVE),
    **dict.fromkeys(("n", "no", "pass", "decline"), Verb.DECLINE),
}
#: As the networks' own rules have it (CTIA Messaging Principles; Twilio, "Advanced Opt-Out").
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
START_WORDS = frozenset({"start", "unstop"})


@dataclass(frozen=True, slots=True)
class Wish:
    """A reply as it was understood; ``code`` is empty where none was told, ``all`` for everything."""

    verb: Verb
    code: str


def read(text: str) -> Wish | None:
    """What the reply asks for, in any case and order of verb and code; None if that cannot be told."""
    words = re.findall(r"[A-Z0-9]+", text.upper().replace("INC-", ""))
    verbs = [_WORDS[word.lower()] for word in words[:1] if word.lower() in _WORDS]
    rest = words[1:] if verbs else words
    if not verbs and len(words) == 2 and words[1].lower() in _WORDS:
        verbs, rest = [_WORDS[words[1].lower()]], words[:1]
    if not verbs or len(rest) > 1:
        return None
    return Wish(verbs[0], rest[0].lower() if rest else "")


def by_text_message(number: str, text: str) -> str:
    """Carry out what was written from ``number``, and return what is answered; empty where nothing is (STOP).

    Whoever verified the number answers for themselves; STOP and START hold for everybody who has it.
    """
    word = text.strip().lower()
    if word in STOP_WORDS:
        contacts.opt_out(number)
        return ""
    if word in START_WORDS:
        found = contacts.opt_in(number)
        return "Text messages of ADO Incidents reach this number again." if found else ""
    methods = contact_queries.methods_at(MethodKind.SMS, number).filter(verified_at__isnull=False)
    people = list({method.person_id: method.person for method in methods if method.person.is_active}.values())
    return answer(people, text, via=Via.SMS) if people else "This number belongs to nobody here."


def answer(people: Sequence[User], text: str, *, via: Via) -> str:
    """Carry out what one of ``people`` wrote: for whichever of them it was that was paged."""
    wish = read(text)
    if wish is None:
        return HELP
    waiting = [page for person in people for page in queries.pages_waiting_for(person).select_related("person")]
    if wish.code == "all":
        if wish.verb != Verb.ACKNOWLEDGE:
            return "All can be acknowledged only."
        told = answers.acknowledge_all(_latest_of_each(waiting), via=via)
        return " ".join(each.text for each in told) or "Nothing waits for you."
    if not wish.code:
        return _the_one(wish.verb, _latest_of_each(waiting), via=via)
    page = _of_code(people, wish.code)
    return _carry_out(wish.verb, page, via=via) if page else f"You have no page {wish.code.upper()}. {HELP}"


def _the_one(verb: Verb, waiting: Sequence[Notification], *, via: Via) -> str:
    if not waiting:
        return "Nothing waits for you."
    if len(waiting) > 1:
        codes = ", ".join(page.code for page in waiting[:8])
        return f"{len(waiting)} pages wait for you: {codes}. {HELP}"
    return _carry_out(verb, waiting[0], via=via)


def _carry_out(verb: Verb, page: Notification, *, via: Via) -> str:
    if verb == Verb.ACKNOWLEDGE:
        return answers.acknowledge(page, via=via).text
    if verb == Verb.RESOLVE:
        return answers.resolve(page, via=via).text
    return answers.decline(page, via=via).text


def _latest_of_each(pages: Sequence[Notification]) -> list[Notification]:
    """The newest page of each incident and person; pages by hand each for themselves."""
    newest = {(page.person_id, page.code): page for page in reversed(pages)}
    return sorted(newest.values(), key=lambda page: page.pk)


def _of_code(people: Sequence[User], code: str) -> Notification | None:
    """The newest page of that code to one of ``people``, answered or not."""
    pages = Notification.objects.filter(person__in=people, kind__in=("page", "role_page")).select_related(
        "person", "incident__severity", "incident__team", "direct__by"
    )
    if code.startswith("p") and code[1:].isdecimal():
        return pages.filter(pk=int(code[1:]), incident=None).first()
    return pages.filter(incident=int(code)).order_by("-pk").first() if code.isdecimal() else None
