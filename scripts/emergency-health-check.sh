#!/bin/sh
# Emergency system health check: the probes of this product, the engine, and the health of every service.
# Says everything that it finds, and exits with 1 if anything failed. URL names a house elsewhere.
set -u
cd "$(dirname "$0")/.." || exit 1
PYTHON=${PYTHON:-.venv/bin/python}
URL=${URL:-http://127.0.0.1:${PORT:-8000}}
failed=0

echo "Probes"
"$PYTHON" -m launcher.probe "$URL/healthz" "$URL/readyz" || failed=1

echo "Engine"
"$PYTHON" manage.py engine status || failed=1

echo "Services"
"$PYTHON" manage.py health_check --full
case $? in
    0) ;;
    3) echo "note    no service has a health check" ;;
    *) failed=1 ;;
esac

[ "$failed" -eq 0 ] && echo "Healthy." || echo "Not healthy: see what FAILED above."
exit "$failed"
