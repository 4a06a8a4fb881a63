#!/bin/sh
# Quick system restart: web server, workers, beat and standby are ended in order and started anew. Database and broker
# stay up, and nothing that was accepted is lost. Twice is as good as once. Works on `make run` and on docker compose.
set -u
cd "$(dirname "$0")/.." || exit 1
PYTHON=${PYTHON:-.venv/bin/python}

if [ -x "$PYTHON" ]; then
    "$PYTHON" -m launcher.restart
    status=$?
    [ "$status" -ne 3 ] && exit "$status"
fi
if command -v docker >/dev/null 2>&1 && [ -n "$(docker compose ps --quiet web 2>/dev/null)" ]; then
    status=0
    for service in web worker chores beat standby; do
        docker compose restart "$service" || status=1
    done
    exit "$status"
fi
echo "Nothing of this product runs here, so nothing was restarted." >&2
exit 1
