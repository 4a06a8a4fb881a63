"""The account finds what is lost, what came twice and what came to the wrong person, and excuses what is marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from faults.account import Account, Fact, Page, Way, settle
from faults.mail import Mail
from faults.organisation import TEAMS, TEXTED, on_call, phone, second_address

DUE = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TEAM = TEAMS[0]
FACTS = [Fact("INC-1", TEAM, "P1"), Fact("INC-2", TEAM, "P1")]
PAGES = [Page(f"INC-{number}", 1, on_call(TEAM)) for number in (1, 2)]


class Text(NamedTuple):
    at: datetime
    to: str
    covers: tuple[tuple[str, int], ...]


def mail(*incidents: str, to: str = on_call(TEAM), after: float = 1.0) -> Mail:
    covers = tuple((incident, 1) for incident in incidents)
    return Mail(DUE + timedelta(seconds=after), to, "page", covers, "<key@localhost>", "Broken")


def account(*mails: Mail, unknown: Mapping[Way, int] | None = None) -> Account:
    return settle(FACTS, mails, unknown=unknown or {}, due={("INC-1", 1): DUE, ("INC-2", 1): DUE})


def test_each_page_once_balances_in_one_mail_or_several():
    for mails in ([mail("INC-1"), mail("INC-2", after=3)], [mail("INC-1", "INC-2", after=3)]):
        found = account(*mails)
        assert (found.expected, found.sent, found.latest, found.complaints) == (2, 2, 3.0, [])


def test_a_page_that_did_not_come_is_lost():
    assert account(mail("INC-1")).lost == (PAGES[1],)


def test_a_page_that_came_twice_is_found_at_whichever_address_of_the_person():
    for address in (on_call(TEAM), second_address(TEAM)):
        assert account(mail("INC-1", "INC-2"), mail("INC-2", to=address)).twice == (PAGES[1],)


def test_each_attempt_of_unknown_outcome_excuses_one_copy():
    unknown = {Way(PAGES[1], on_call(TEAM)): 1}
    twice = account(mail("INC-1", "INC-2"), mail("INC-2"), unknown=unknown)
    assert (twice.complaints, twice.unknown, twice.copies) == ([], 1, 1)
    thrice = (mail("INC-1", "INC-2"), mail("INC-2"), mail("INC-2"))
    assert account(*thrice, unknown=unknown).twice == (PAGES[1],)
    assert not account(*thrice, unknown={Way(PAGES[1], on_call(TEAM)): 2}).twice


def test_one_copy_by_another_way_is_excused_where_the_outcome_of_the_first_is_unknown_and_not_otherwise():
    first, second = mail("INC-1"), mail("INC-1", to=second_address(TEAM))
    once, of_another = {Way(PAGES[0], on_call(TEAM)): 1}, {Way(PAGES[1], on_call(TEAM)): 1}
    assert not account(first, second, mail("INC-2"), unknown=once).twice
    assert account(first, first, second, mail("INC-2"), unknown=once).twice == (PAGES[0],)
    assert account(second, second, mail("INC-2"), unknown=once).twice == (PAGES[0],)
    assert account(first, second, mail("INC-2"), unknown=of_another).twice == (PAGES[0],)


def test_a_page_to_somebody_else_is_wrong():
    stray = account(mail("INC-1", "INC-2"), mail("INC-1", to=on_call(TEAMS[1])))
    assert stray.wrong == (Page("INC-1", 1, on_call(TEAMS[1])),)


def test_a_text_message_counts_as_a_page_to_the_one_whose_number_it_is():
    team = TEXTED[3]
    at = DUE + timedelta(seconds=2)
    text = Text(at, phone(team, 2), (("INC-9", 2),))
    found = settle([Fact("INC-9", team, "P0")], [text], unknown={}, due={("INC-9", 2): DUE})
    assert found.lost == (Page("INC-9", 1, on_call(team)),)
    assert (found.sent, found.wrong, found.latest) == (1, (), 2.0)
