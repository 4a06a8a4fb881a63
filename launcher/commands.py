"""The commands of the house's processes, as arguments of the Python interpreter. docker-compose.yml runs the same."""

from __future__ import annotations

MIGRATE = ("manage.py", "migrate", "--no-input")
PROCEDURES = ("manage.py", "procedures", "apply", "procedures/ado.yml")
DEMO = ("manage.py", "demo", "reset", "--if-empty")
_CELERY = ("-m", "celery", "-A", "ado_incidents", "worker", "--pool", "threads")
_ALONE = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
# Pages have a process of their own: the threads of one share a processor, whatever their lanes.
WORKER = (*_CELERY, "--concurrency", "14", "-Q", "pages", "-n", "pages@%h", *_ALONE)
CHORES = (*_CELERY, "--concurrency", "16", "-Q", "work,bulk", "-n", "chores@%h", *_ALONE)
BEAT = ("-m", "celery", "-A", "ado_incidents", "beat", "-S", "celery.beat.Scheduler", "--loglevel", "WARNING")
STANDBY = ("manage.py", "engine", "run", "--standby", "3")
SANDBOX = ("-m", "sandbox")


def web(host: str, port: int) -> tuple[str, ...]:
    """The web server: WSGI in 2 processes of 16 threads, measured for the ingest (design, "One alert's way")."""
    return (
        *("-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "16", "--no-ws"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "3"),
        "ado_incidents.wsgi:application",
    )
