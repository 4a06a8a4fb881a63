"""``python -m launcher``: what ``make run`` runs once everything is installed."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from launcher.children import die_with_parent, end_leftovers
from launcher.configuration import Configuration
from launcher.ending import AskedToEnd, Ending
from launcher.errors import LaunchError
from launcher.house import House
from launcher.instance import only_one
from launcher.ports import in_use
from launcher.preparation import has_demo
from launcher.supervisor import Supervisor

DEMO_PEOPLE = ("admin", "manager", "commander", "responder", "stakeholder", "auditor")


def main() -> int:
    """Run the house until it is asked to end; 0 then, 1 when it cannot run."""
    if "MAKELEVEL" in os.environ:  # a killed make does not tell its commands
        die_with_parent(signal.SIGTERM, os.getppid())
    ending = Ending()
    ending.listen()
    try:
        configuration = Configuration.read(os.environ)
        configuration.make_folders()
        with only_one(configuration.data_dir, configuration.port):
            run(configuration, ending)
    except AskedToEnd:
        say("Stopped.")
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"{error.filename}: {error.strerror}. DATA_DIR belongs to another user?", file=sys.stderr)
        return 1
    return 0


def run(configuration: Configuration, ending: Ending) -> None:
    """Open the house and keep it open. Raises AskedToEnd or LaunchError, after everything has ended."""
    if in_use(configuration.port):
        raise LaunchError(f"Port {configuration.port} is in use. Try: PORT={configuration.port + 1} make run")
    if left := end_leftovers(configuration.data_dir):
        say(f"Ended {left} processes that an earlier run left behind.")
    supervisor = Supervisor(say, ending)
    try:
        chosen = House(configuration, supervisor, ending, say).open()
        say_how_to_begin(configuration, chosen)
        supervisor.watch_until(lambda: False)
    finally:
        say("Stopping…")
        supervisor.stop()
        (configuration.data_dir / "environment").unlink(missing_ok=True)


def say(text: str) -> None:
    """One line for the person at the terminal, at once; a terminal that was closed hinders nothing."""
    with suppress(OSError):
        print(text, flush=True)


def say_how_to_begin(configuration: Configuration, chosen: dict[str, str]) -> None:
    """Print the address, the demo's log-ins where there is a demo, and where the mails go."""
    demo = has_demo(chosen["DATABASE_URL"])
    say(f"\nReady: {configuration.site_url}\n")
    if demo:
        people = "  ".join(f"{name}@example.com" for name in DEMO_PEOPLE)
        say(f"  Demo log-ins   {people}\n  Password       {chosen['DEMO_PASSWORD']}")
    if "SANDBOX_DIR" in chosen:
        say(f"  What was sent  {configuration.site_url}sandbox/")
    say("\nCtrl-C ends everything.")


if __name__ == "__main__":
    sys.exit(main())
