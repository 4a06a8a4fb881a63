"""``python -m launcher.clean``: delete DATA_DIR with everything a ``make run`` kept, wherever that is."""

from __future__ import annotations

import os
import shutil
import sys

from launcher.configuration import Configuration
from launcher.errors import LaunchError
from launcher.instance import only_one
from launcher.placement import remove_cluster


def main() -> int:
    """Delete it; nothing where no launcher ever ran; 1 while one runs."""
    try:
        configuration = Configuration.read(os.environ)
        data_dir = configuration.data_dir
        if not (data_dir / "launcher.lock").exists():
            return 0
        with only_one(data_dir, configuration.port):
            remove_cluster(data_dir / "postgres")
            shutil.rmtree(data_dir)
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
