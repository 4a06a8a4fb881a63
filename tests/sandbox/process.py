"""The sandbox in a process of its own, forked from one that has imported it already: it starts in a moment."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess

from sandbox.__main__ import main

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


def run(environment: Mapping[str, str]) -> ForkServerProcess:
    """Start ``python -m sandbox`` with these variables alone."""
    process = _forks.Process(target=_serve, args=(dict(environment),), daemon=True)
    process.start()
    return process


def _serve(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    main()
