"""A mail server that refuses, is slow, is busy, breaks off, or has no address any more."""

from __future__ import annotations

from faults.forms import SHORT
from faults.house import House
from faults.mail import EVERYBODY, Mood
from faults.organisation import TEAMS, WITH_SECOND_ADDRESS, lead, on_call, second_address
from faults.programs import Twist
from faults.table import case

REFUSED, SLOW = WITH_SECOND_ADDRESS[:2]
SOME = TEAMS[20:25]
"""Teams whose mails meet the mood of a case."""
IN_DOUBT = 2 * len(SOME)
"""Addresses of theirs: whoever is on call, and the lead."""


@case(
    "SMTP refuses one",
    numbers={"incidents": (20, 20), "theirs": (3, 3)},
    done="the mail server answers 550 to the address of one person, who has a second one, and takes all others; "
    "{incidents} incidents of all teams are declared, and {theirs} more of theirs",
    expected="their pages come to the second address, at once; all others as ever",
)
def refuses_one(house: House) -> str:
    address = on_call(REFUSED)
    house.mail.misbehave(Mood.REFUSES, address)
    house.start("worker", "beat", "standby")
    house.declare(house.number("incidents"))
    house.declare(house.number("theirs"), teams=[REFUSED])
    account = house.finish()
    second = sum(mail.to == second_address(REFUSED) for mail in house.mail.kept())
    wanted = 1 + house.number("theirs")
    house.expect(second == wanted, f"{second} pages came to the second address, not {wanted}")
    refused = house.mail.misbehaved(Mood.REFUSES)
    house.expect(refused, "nothing was refused")
    house.expect_prompt(account.latest, within=10)
    return f"{refused} refused\n{account}"


@case(
    "SMTP slow for one",
    numbers={"others": (20, 20)},
    done="the mail server is silent for 30 s when it is told one address; one incident of theirs is declared and, "
    "while it is silent, {others} of others",
    expected=f"the pages of all others go on meanwhile, each within 5 s ({SHORT.patience} times that in the short "
    "form); theirs come to their second address",
)
def slow_for_one(house: House) -> str:
    address = on_call(SLOW)
    house.mail.misbehave(Mood.SLOW, address)
    house.start("worker", "beat", "standby")
    house.declare(1, severity="P1", teams=[SLOW])
    house.until(lambda: house.mail.misbehaved(Mood.SLOW), within=20, what="the first slow mail")
    others = house.number("others")
    house.declare(others, severity="P1", teams=[team for team in TEAMS if team != SLOW])
    house.until(lambda: len(house.mail.kept()) >= others, within=60, what="the pages of all others")
    meanwhile = house.account()
    house.expect_prompt(meanwhile.latest, within=5, what="a page for another")
    house.until(lambda: second_address(SLOW) in [mail.to for mail in house.mail.kept()], within=60, what="theirs")
    account = house.finish()
    return f"while it was slow the others' slowest page came after {meanwhile.latest:.1f} s\n{account}"


@case(
    "SMTP busy",
    numbers={"incidents": (20, 20), "addresses": (IN_DOUBT, IN_DOUBT)},
    done="{incidents} incidents are declared; the mail server answers 451 to the first message for each of "
    "{addresses} addresses",
    expected="a later attempt, and each page once",
)
def busy(house: House) -> str:
    addresses = [address(team) for team in SOME for address in (on_call, lead)]
    house.mail.misbehave(Mood.BUSY, *addresses, times=1)
    house.start("worker", "beat", "standby")
    house.declare(house.number("incidents"), teams=TEAMS[15:])
    account = house.finish()
    put_off = house.mail.misbehaved(Mood.BUSY)
    house.expect(put_off == len(addresses), f"{put_off} messages were put off, not {len(addresses)}")
    house.expect(not account.unknown, "what was answered is not unknown")
    return f"{put_off} put off\n{account}"


@case(
    "SMTP breaks off",
    numbers={"incidents": (20, 20), "addresses": (IN_DOUBT, IN_DOUBT)},
    done="{incidents} incidents are declared; the mail server closes in the middle of the first message to each of "
    "{addresses} addresses, and does not keep it",
    expected="outcome unknown, sent once more, so that each page came once",
)
def breaks_off(house: House) -> str:
    account = _one_of_each_is_in_doubt(house, Mood.CUTS)
    house.expect(not account[1], "what was not kept came twice")
    return account[0]


@case(
    "SMTP vanishes",
    numbers={"incidents": (20, 20), "addresses": (IN_DOUBT, IN_DOUBT)},
    done="{incidents} incidents are declared; the mail server takes the first message to each of {addresses} addresses "
    "and closes before it says so",
    expected="outcome unknown, sent once more: these pages came twice, under one Message-ID, and are marked so",
)
def vanishes(house: House) -> str:
    account = _one_of_each_is_in_doubt(house, Mood.VANISHES)
    house.expect(account[1] == IN_DOUBT, f"{account[1]} came twice, not {IN_DOUBT}")
    identities = {(mail.covers, mail.to) for mail in house.mail.kept()}
    messages = {mail.message_id for mail in house.mail.kept()}
    house.expect(len(messages) == len(identities), "the second copy had another Message-ID")
    return account[0]


def _one_of_each_is_in_doubt(house: House, mood: Mood) -> tuple[str, int]:
    """Let the first message to each address end in doubt; return the account and how many pages came twice."""
    addresses = [address(team) for team in SOME for address in (on_call, lead)]
    house.mail.misbehave(mood, *addresses, times=1)
    house.start("worker", "beat", "standby")
    house.declare(house.number("incidents"), teams=TEAMS[15:])
    account = house.finish()
    house.expect(account.unknown == len(addresses), f"{account.unknown} unknown, not {len(addresses)}")
    return str(account), account.copies


@case(
    "DNS gone",
    numbers={"incidents": (20, 10)},
    done="the name of the mail server does not resolve; {incidents} incidents are declared; the worker is started "
    "again with one that does",
    expected="nothing is given up, and everything arrives",
)
def dns_gone(house: House) -> str:
    house.mail.misbehave(Mood.REFUSES, EVERYBODY)  # nobody should get there at all
    house.start("worker", "standby", twist=Twist(mail_host="mail.invalid"))
    house.start("beat")
    house.declare(house.number("incidents"))
    failed = "SELECT count(*) FROM notifications_delivery WHERE last_error LIKE %s"
    house.until(lambda: house.count(failed, "%cannot be reached%"), within=30, what="a failure that says why")
    house.expect(not house.mail.misbehaved(Mood.REFUSES), "a mail got through without a name")
    house.mail.behave()
    house.kill("worker", "standby")
    house.start("worker", "standby", twist=Twist())
    account = house.finish()
    said = house.count(failed, "%cannot be reached%")
    dead = house.count("SELECT count(*) FROM engine_timer WHERE state = 'dead'")
    house.expect(not dead, f"{dead} timers were given up")
    return f"{dead} timers given up, {said} deliveries still say why they failed\n{account}"
