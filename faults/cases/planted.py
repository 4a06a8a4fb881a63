"""The proof that this command can fail."""

from __future__ import annotations

from faults.house import House
from faults.mail import Mood
from faults.organisation import TEAMS, on_call
from faults.table import case


@case(
    "planted loss",
    numbers={"incidents": (3, 3)},
    done="{incidents} incidents are declared; the mail server says that it took the first message to one person, and "
    "forgets it",
    expected="not to be as expected, and so to be carried out only by name: it shows that a page that is lost fails "
    "the command",
    by_name_only=True,
)
def planted_loss(house: House) -> str:
    house.mail.misbehave(Mood.FORGETS, on_call(TEAMS[1]), times=1)
    house.start("worker", "beat")
    house.declare(house.number("incidents"), severity="P1")
    return str(house.finish())
