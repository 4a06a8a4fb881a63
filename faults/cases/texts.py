"""A provider of text messages that fails as providers over HTTP do. Whoever it fails is sent a mail."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from faults.forms import SHORT
from faults.house import House
from faults.organisation import TEAMS, TEXTED
from faults.providers import RETRY_AFTER, SLOW_BY, Fault, first_of_each
from faults.table import case

FAILURES = 5
"""So many in a row, and the house leaves a provider alone for a while."""
_LEFT_ALONE = "SELECT count(*) FROM engine_breaker WHERE provider = 'twilio-sms' AND open_until > now()"
WORKERS = ("worker 1", "worker 2", "beat", "standby")


@case(
    "provider broken",
    numbers={"incidents": (12, 12), "later": (5, 5)},
    done="the provider of text messages answers 500 while {incidents} incidents are declared; it works again, and "
    "{later} more are",
    expected="it is left alone, and the pages come by mail; by text message again afterwards; each once",
)
def broken(house: House) -> str:
    number = house.number("incidents")
    house.provider.misbehave(Fault.BROKEN)
    house.start(*WORKERS)
    house.declare(number, severity="P1", teams=TEXTED)
    house.until(lambda: len(house.mail.kept()) >= number, within=60, what="all pages by mail")
    meanwhile = house.account()
    refused = house.provider.misbehaved(Fault.BROKEN)
    house.provider.behave()
    house.until(lambda: not house.count(_LEFT_ALONE), within=60, what="the provider may be tried again")
    house.declare(house.number("later"), severity="P1", teams=TEXTED[number:])
    account = house.finish()
    texts = len(house.provider.kept("page"))
    house.expect(refused >= FAILURES, f"{refused} were answered 500")
    house.expect(refused < 4 * FAILURES, f"it was not left alone: {refused} were answered 500")
    house.expect(texts, "nothing came by text message afterwards")
    house.expect(not account.unknown, "a 500 is an answer, and what was answered is not unknown")
    house.expect_prompt(meanwhile.latest, within=15)
    return f"{refused} answered 500, {texts} came by text message afterwards\n{account}"


@case(
    "provider busy",
    numbers={"incidents": (12, 12), "busy": (4, 4), "seconds": (RETRY_AFTER, RETRY_AFTER)},
    done="{incidents} incidents are declared; the provider answers the first {busy} requests with 429 and Retry-After: "
    "{seconds}",
    expected="none of those comes again before that time, others go by mail meanwhile; each once",
)
def busy(house: House) -> str:
    house.provider.misbehave(Fault.BUSY, times=house.number("busy"))
    house.start(*WORKERS)
    house.declare(house.number("incidents"), severity="P1", teams=TEXTED)
    account = house.finish()
    pauses = _pauses(house)
    soonest = min(pauses, default=timedelta(0))
    house.expect(house.provider.misbehaved(Fault.BUSY), "nothing was answered 429")
    early = f"one came again after {soonest.total_seconds():.1f} s"
    house.expect(not pauses or soonest >= timedelta(seconds=RETRY_AFTER), early)
    house.expect(not account.unknown, "what was answered is not unknown")
    house.expect_prompt(account.latest, within=15)
    texts = len(house.provider.kept("page"))
    return f"{house.provider.misbehaved(Fault.BUSY)} answered 429, {texts} came by text message\n{account}"


@case(
    "provider hangs",
    numbers={"incidents": (12, 8), "seconds": (int(SLOW_BY), int(SLOW_BY))},
    done="{incidents} incidents are declared; the provider says nothing for {seconds} s to whoever asks, and takes "
    "nothing",
    expected="outcome unknown for whoever waited; it is left alone, and the pages come by mail",
)
def hangs(house: House) -> str:
    number = house.number("incidents")
    house.provider.misbehave(Fault.HANGS)
    house.start(*WORKERS)
    house.declare(number, severity="P1", teams=TEXTED)
    house.until(lambda: len(house.mail.kept()) >= number, within=120, what="all pages by mail")
    hung = house.provider.misbehaved(Fault.HANGS)
    house.provider.behave()
    account = house.finish()
    house.expect(account.unknown, "nobody waited for an answer")
    house.expect(account.unknown <= hung, f"{account.unknown} are unknown, and {hung} waited")
    house.expect_prompt(account.latest, within=40)
    return f"{hung} waited for an answer\n{account}"


@case(
    "provider breaks off",
    numbers={"incidents": (12, 8)},
    done="{incidents} incidents are declared; the provider takes the first message to each number and closes in the "
    "middle of its answer",
    expected="outcome unknown, sent once more under the same key or by mail: these pages came twice, and are marked so",
)
def breaks_off(house: House) -> str:
    return _first_of_each_is_in_doubt(house, Fault.CLOSES)


@case(
    "provider is nonsense",
    numbers={"incidents": (12, 8)},
    done="{incidents} incidents are declared; the provider takes the first message to each number and answers 200 "
    "with a page in HTML",
    expected="that is no success: outcome unknown, sent once more under the same key or by mail, and marked so",
)
def nonsense(house: House) -> str:
    return _first_of_each_is_in_doubt(house, Fault.NONSENSE)


@case(
    "provider slow",
    numbers={"texted": (12, 8), "mailed": (30, 20), "seconds": (int(SLOW_BY), int(SLOW_BY))},
    done="the provider takes each text message and says so after {seconds} s; {texted} incidents go by text message "
    "and, while it is silent, {mailed} by mail",
    expected=f"the pages by mail go on meanwhile, each within 5 s ({SHORT.patience} times that in the short form); "
    "each text message whose outcome is unknown is marked so",
)
def slow(house: House) -> str:
    texted, mailed = house.number("texted"), house.number("mailed")
    house.provider.misbehave(Fault.SLOW)
    house.start("worker", "beat", "standby")
    house.declare(texted, severity="P1", teams=TEXTED)
    house.until(lambda: house.provider.misbehaved(Fault.SLOW), within=20, what="the first slow answer")
    house.declare(mailed, severity="P1", teams=TEAMS)
    others = {fact.incident for fact in house.facts() if fact.team in TEAMS}
    house.until(lambda: others <= _mailed(house), within=60, what="the pages by mail")
    latest = house.account(of=TEAMS).latest
    house.expect_prompt(latest, within=5, what="a page by mail")
    house.provider.behave()
    account = house.finish()
    house.expect(account.unknown, "nobody waited for an answer")
    return f"while it was slow the slowest page by mail came after {latest:.1f} s\n{account}"


def _first_of_each_is_in_doubt(house: House, fault: Fault) -> str:
    house.provider.misbehave(fault, at=first_of_each())
    house.start(*WORKERS)
    house.declare(house.number("incidents"), severity="P1", teams=TEXTED)
    account = house.finish()
    doubtful = house.provider.misbehaved(fault)
    house.expect(doubtful >= FAILURES, f"only {doubtful} were in doubt")
    house.expect(account.unknown == doubtful, f"{account.unknown} unknown, not {doubtful}")
    house.expect(account.copies == doubtful, f"{account.copies} came more than once, not {doubtful}")
    keys, pages = (
        {each.key for each in house.provider.kept()},
        {(each.to, each.covers) for each in house.provider.kept()},
    )
    house.expect(len(keys) == len(pages), "a second copy had another key")
    return f"{doubtful} in doubt\n{account}"


def _pauses(house: House) -> list[timedelta]:
    """Between a request that was turned away and the next one to the same number."""
    asked: defaultdict[str, list[datetime]] = defaultdict(list)
    away = {(each.to, each.at) for each in house.provider.turned_away()}
    for each in (*house.provider.turned_away(), *house.provider.kept()):
        asked[each.to].append(each.at)
    return [
        later - earlier
        for to, instants in asked.items()
        for earlier, later in zip(sorted(instants), sorted(instants)[1:], strict=False)
        if (to, earlier) in away
    ]


def _mailed(house: House) -> set[str]:
    """The incidents that somebody got a mail about."""
    return {incident for mail in house.mail.kept() for incident, _ in mail.covers}
