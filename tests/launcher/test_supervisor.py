"""What dies in the house: what is started again, how soon, and what ends the house."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher import supervisor
from launcher.ending import Ending
from launcher.errors import LaunchError
from launcher.program import Program
from launcher.supervisor import Supervisor

pytestmark = pytest.mark.processes

BROKEN = "raise SystemExit('no such thing')"
LASTING = "import time; time.sleep(60)"


class House:
    """A supervisor of small programs, and what it says."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(self.said.append, Ending())
        self.folder = folder

    def start(self, name: str, program: str, *, vital: bool = False) -> Program:
        log = self.folder / f"{name}.log"
        part = Program(name, ["-c", program], log=log, env={"PATH": ""}, cwd=self.folder)
        self.supervisor.start(part, vital=vital)
        return part

    def watch_until(self, done: Callable[[], bool]) -> None:
        """Fails after 20 seconds."""
        deadline = time.monotonic() + 20

        def done_or_late() -> bool:
            assert time.monotonic() < deadline, self.said
            return done()

        self.supervisor.watch_until(done_or_late)

    def pauses(self, name: str) -> list[str]:
        """How long it waited each time before it started ``name`` again."""
        lines = [line for line in self.said if line.startswith(f"{name} ended with ")]
        return [line.partition(" in ")[2].partition(" (")[0] for line in lines]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(supervisor, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.08)
    small = House(tmp_path)
    yield small
    small.supervisor.stop()


def test_a_part_that_dies_at_once_again_and_again_is_started_again_for_ever_and_the_others_go_on(house: House) -> None:
    web = house.start("web", LASTING, vital=True)
    house.start("beat", BROKEN)
    house.watch_until(lambda: len(house.pauses("beat")) >= 8)
    assert house.pauses("beat")[:8] == ["0.01 s", "0.02 s", "0.04 s", *["0.08 s"] * 5]
    assert web.poll() is None
    (told,) = [line for line in house.said if "The house goes on without it" in line]
    assert "beat ended 5 times within 10 s of its start, the last time with 1" in told
    assert "no such thing" in told


def test_a_part_comes_back_once_its_reason_is_gone(house: House) -> None:
    house.start("worker", "from pathlib import Path; Path('mended').rename('works')")
    house.watch_until(lambda: len(house.pauses("worker")) >= 6)
    (house.folder / "mended").touch()
    house.watch_until(lambda: (house.folder / "works").exists())


def test_a_vital_part_that_dies_at_once_again_and_again_ends_the_house_with_its_last_words(house: House) -> None:
    house.start("web", BROKEN, vital=True)
    with pytest.raises(LaunchError, match=r"web ended 5 times within 10 s of its start.*\n  no such thing") as ended:
        house.watch_until(lambda: False)
    assert house.pauses("web") == ["0.01 s", "0.02 s", "0.04 s", "0.08 s"]
    assert "goes on" not in str(ended.value)


def test_a_part_that_lived_for_a_while_is_started_again_soon(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "QUICK", 0.0)
    house.start("web", BROKEN, vital=True)
    house.watch_until(lambda: len(house.pauses("web")) >= 7)
    assert set(house.pauses("web")) == {"0.01 s"}


def test_a_machine_that_can_start_nothing_for_a_while_ends_nothing(house: House) -> None:
    worker = house.start("worker", BROKEN)
    house.folder.rename(house.folder.with_name("gone"))
    house.watch_until(lambda: len(house.pauses("worker")) >= 6)
    assert any(line.startswith("worker could not be started: ") for line in house.said)
    assert worker.poll() == 1
