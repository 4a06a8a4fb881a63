"""``python -m launcher.probe URL …``: asks each address, says what it answered, and fails unless all answer 200."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

TIMEOUT = 10.0


def main() -> int:
    """0 if every address of the command line answers 200, else 1."""
    return max([_ask(url) for url in sys.argv[1:]], default=1)


def _ask(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310  (whoever calls it names it)
            return _say(url, answer.status, answer.read())
    except urllib.error.HTTPError as error:
        return _say(url, error.code, error.read())
    except OSError as error:
        print(f"FAILED  {url}: {error}")
        return 1


def _say(url: str, status: int, body: bytes) -> int:
    print(f"{'ok    ' if status == 200 else 'FAILED'}  {url}: {status} {body.decode(errors='replace').strip()[:600]}")
    return int(status != 200)


if __name__ == "__main__":
    raise SystemExit(main())
