#!/bin/sh
# Incident report generation: scripts/generate-incident-report.sh --incident-id INC-1 [--format md|html|pdf|json] [--out FILE]
# By default a PDF beside where one stands, named for the incident.
set -eu
usage() {
    echo "Usage: $0 --incident-id INC-1 [--format md|html|pdf|json] [--out FILE]" >&2
    exit 1
}

incident="" form=pdf out=""
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
        --incident-id) incident=$2 ;;
        --format) form=$2 ;;
        --out) out=$2 ;;
        *) usage ;;
    esac
    shift 2
done
[ -n "$incident" ] || usage
[ -n "$out" ] || out=$incident.$form
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")/.."
exec "${PYTHON:-.venv/bin/python}" manage.py incident_report "$incident" --format "$form" --out "$out"
