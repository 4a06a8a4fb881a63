"""Where the settings come from: the process's environment, then what a running ``make run`` wrote into DATA_DIR."""

from __future__ import annotations

import os
from pathlib import Path


def adopt_running_servers(project: Path) -> Path:
    """Take variables that are not set from ``DATA_DIR/environment`` and return DATA_DIR.

    So ``python manage.py …`` finds the embedded servers of a running ``make run`` without any configuration.
    """
    data_dir = Path(os.environ.get("DATA_DIR", ".local"))
    if not data_dir.is_absolute():
        data_dir = project / data_dir
    try:
        lines = (data_dir / "environment").read_text(encoding="utf-8").splitlines()
    except OSError:
        return data_dir
    for line in lines:
        name, separator, value = line.partition("=")
        if separator:
            os.environ.setdefault(name.strip(), value.strip())
    return data_dir
