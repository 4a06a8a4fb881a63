"""``python -m launcher.dependencies``: known holes in what the lock names, where the data about them can be reached.

What could not be looked up is said, and is no failure: a machine without the network can still build. A known hole is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from launcher.configuration import PROJECT

LOCK = "requirements.lock"
COMMAND = [
    sys.executable, "-m", "pip_audit", "--requirement", LOCK, "--require-hashes", "--disable-pip",
    "--progress-spinner", "off", "--format", "json",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What the audit came to; ``failed`` if there is a known hole."""

    text: str
    failed: bool


def judge(output: str, complaint: str) -> Finding:
    """What pip-audit's report means; ``complaint`` is what it said where it wrote none."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, LookupError):
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        return Finding(f"Not audited: the data about known holes cannot be reached ({last[:200]}).", failed=False)
    holes = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none yet'}"
        for each in dependencies
        for hole in each.get("vulns", [])
    ]
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    audited = len(dependencies) - len(skipped)
    lines = [*holes, f"{audited} of {len(dependencies)} dependencies were audited; {len(holes)} known holes."]
    if skipped:
        lines.append(f"Not audited, for nothing could be looked up about them: {', '.join(skipped)}.")
    return Finding("\n".join(lines), failed=bool(holes))


def main() -> int:
    """Audit the lock, say what was found, and return the exit code."""
    run = subprocess.run(COMMAND, cwd=PROJECT, capture_output=True, text=True, check=False)
    finding = judge(run.stdout, run.stderr)
    print(finding.text)
    return int(finding.failed)


if __name__ == "__main__":
    sys.exit(main())
