"""The engine's numbers for Prometheus, read at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.engine import queries


class EngineCollector(Collector):
    """How each lane stands, one gauge a number. Raises a database error while the database is away."""

    def collect(self) -> Iterator[Metric]:
        lanes = queries.status()
        for name, attribute, text in (
            ("ado_engine_lag_seconds", "lag", "For how long the oldest due timer has been due."),
            ("ado_engine_pending", "pending", "Timers that wait for their time, the due ones included."),
            ("ado_engine_due", "due", "Timers that are due and not begun."),
            ("ado_engine_leased", "leased", "Timers that a worker holds."),
            ("ado_engine_dead", "dead", "Timers that were given up."),
            ("ado_engine_done_per_minute", "done_per_minute", "Timers done a minute, over the last five minutes."),
        ):
            gauge = GaugeMetricFamily(name, text, labels=["lane"])
            for lane in lanes:
                gauge.add_metric([lane.lane], getattr(lane, attribute))
            yield gauge
        workers = GaugeMetricFamily("ado_engine_workers", "Worker processes that live.")
        workers.add_metric([], queries.workers())
        yield workers
        circuits = GaugeMetricFamily(
            "ado_engine_circuit", "1 for the state that the circuit to a provider is in.", labels=["provider", "state"]
        )
        for circuit in queries.circuits():
            for state in ("closed", "half open", "open"):
                circuits.add_metric([circuit.provider, state], float(circuit.state == state))
        yield circuits
