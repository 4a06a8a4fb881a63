"""Child processes that do not outlive the launcher, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from launcher.accounts import Account

MARK = "ADO_INCIDENTS_DATA_DIR_OF_LAUNCHER"
"""Set for every child, so that a later start knows what an earlier one left behind."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(farewell: signal.Signals, parent: int) -> None:
    """Ask the kernel to send this process ``farewell`` when the thread that started it ends.

    Does nothing where the kernel is not Linux; there ``end_leftovers`` of the next start does it.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), farewell)


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    stdin: bytes = b"",
    farewell: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in a session of its own, appending its output to ``log``; call it from the main thread only.

    ``account`` is who it runs as (the caller when None); ``farewell`` is what it gets when the launcher is killed.
    The session keeps a Ctrl-C in the terminal from reaching it before its turn.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_last_words(farewell),
            **(account.as_popen_arguments() if account else {}),
        )
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as pipe:  # whoever waits for it reads in its log why it ended
            pipe.write(stdin)
    return process


def end(process: subprocess.Popen[bytes], signals: Sequence[signal.Signals], patience: float) -> None:
    """Send ``signals`` one after the other, each with ``patience`` seconds to obey, then kill what is left of it.

    Whatever the process started in its session ends with it.
    """
    for number in signals:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    kill_session(process)
    process.wait()


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill every process that is left in the session that ``process`` leads."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers PermissionError for a group of zombies
        return


def end_leftovers(data_dir: Path, patience: float = 5.0) -> int:
    """End the processes that an earlier launcher on ``data_dir`` left running; return how many there were.

    They are known by the mark in their environment, so that a process id used anew is never mistaken.
    """
    left = [process for process in psutil.process_iter() if _marked(process, data_dir)]
    for process in left:
        _unless_gone(process.terminate)
    _, stubborn = psutil.wait_procs(left, timeout=patience)
    for process in stubborn:
        _unless_gone(process.kill)
    psutil.wait_procs(stubborn, timeout=patience)
    return len(left)


def tail(log: Path, lines: int = 20) -> str:
    """The last ``lines`` of a log, for a message about why its process ended."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return "(no output)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (no output)"


def _last_words(farewell: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()
    return lambda: die_with_parent(farewell, parent)


def _marked(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return bool(process.pid != os.getpid() and process.environ().get(MARK) == str(data_dir))
    except (psutil.Error, OSError):
        return False


def _unless_gone(act: Callable[[], None]) -> None:
    try:
        act()
    except psutil.NoSuchProcess:
        return
