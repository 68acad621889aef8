"""Figures in the text format of Prometheus: made when they are asked for, of what is counted."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from assent.control.health import Figures
from assent.control.revocation import BUCKETS_S as CUT_WITHIN_S
from assent.control.revocation import Summary
from assent.control.tally import BUCKETS_S as DECIDED_WITHIN_S

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposed(figures: Figures) -> bytes:
    """Return the figures as text; no label has a value that anybody outside could choose."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Yield every family."""
        figures, tally = self._figures, self._figures.tally
        answers = CounterMetricFamily(
            "assent_decisions", "Decisions that are in the log, by answer.", labels=["answer"]
        )
        answers.add_metric(["permit"], tally.permitted)
        answers.add_metric(["hold"], tally.held)
        answers.add_metric(["deny"], tally.denied)
        yield answers
        yield HistogramMetricFamily(
            "assent_decision_seconds",
            "From the gathering of evidence until the decision was in the log.",
            buckets=_buckets(DECIDED_WITHIN_S, tally.up_to()),
            sum_value=tally.total_s,
        )
        yield from _gauges(figures)
        yield from _observers(figures)
        revoked = HistogramMetricFamily(
            "assent_revocation_seconds",
            "From the end of an access to the end of the client's connection.",
            labels=["source"],
        )
        for source, summary in (("real", figures.real), ("canary", figures.canary)):
            counts = (*summary.buckets, summary.count)
            revoked.add_metric([source], _buckets(CUT_WITHIN_S, counts), summary.total_s)
        yield revoked
        yield _quantiles(figures)
        rounds = CounterMetricFamily(
            "assent_canary_rounds", "Rounds of the canary, by how they ended.", labels=["ended"]
        )
        rounds.add_metric(["well"], figures.canary_rounds - figures.canary_failures)
        rounds.add_metric(["failed"], figures.canary_failures)
        yield rounds


def _gauges(figures: Figures) -> Iterable[Metric]:
    checkpoint, last = figures.checkpoint, figures.canary_last
    ok_at = last.at.timestamp() if last is not None and not last.problem else None
    age_s = (figures.at - checkpoint.at).total_seconds() if checkpoint else None
    values: tuple[tuple[str, str, float | None], ...] = (
        ("assent_sessions_open", "Sessions that are open, but the canary's.", figures.sessions),
        ("assent_actions_held", "Actions that wait on a live connection.", figures.holding),
        ("assent_requests_pending", "Requests that are not settled.", figures.pending),
        ("assent_grants_live", "Grants that are valid now.", figures.grants),
        ("assent_canary_on", "Whether the canary runs at all.", figures.canary_is_on),
        ("assent_canary_up", "Whether its last round was cut in time.", figures.canary_is_well),
        ("assent_canary_last_success_timestamp_seconds", "When a round last ended well.", ok_at),
        ("assent_notices_late", "Deliveries that are five minutes late.", figures.due),
        ("assent_notices_dead", "Deliveries that were given up.", figures.dead),
        ("assent_reviews_overdue", "Reviews that are overdue.", figures.overdue_reviews),
        ("assent_log_entries", "Entries under the last checkpoint.", _size(figures)),
        ("assent_checkpoint_age_seconds", "How old the last checkpoint is.", age_s),
        ("assent_store_up", "Whether the store answers.", figures.due is not None),
    )
    for name, words, value in values:
        # What is not known is left out: a 0 would look as if all were well.
        if value is not None:
            yield GaugeMetricFamily(name, words, value=float(value))


def _observers(figures: Figures) -> Iterable[Metric]:
    """Yield how those stand who see the log from outside; their names are the operator's."""
    labels = ["kind", "name"]
    age = GaugeMetricFamily(
        "assent_observed_age_seconds", "How long ago an observer saw the log.", labels=labels
    )
    size = GaugeMetricFamily(
        "assent_observed_entries", "How many entries an observer has seen.", labels=labels
    )
    disputed = GaugeMetricFamily(
        "assent_log_disputed", "Whether an observer says that it saw another log.", labels=labels
    )
    for one in figures.observers:
        names = [one.kind, one.name]
        if one.at is not None and one.size is not None:
            age.add_metric(names, (figures.at - one.at).total_seconds())
            size.add_metric(names, one.size)
        disputed.add_metric(names, float(one.disputed))
    if figures.observers:
        yield from (age, size, disputed)


def _size(figures: Figures) -> int | None:
    return figures.checkpoint.size if figures.checkpoint else None


def _quantiles(figures: Figures) -> Metric:
    family = GaugeMetricFamily(
        "assent_revocation_quantile_seconds",
        "Of the last 1,000 revocations of a source.",
        labels=["source", "quantile"],
    )
    for source, summary in (("real", figures.real), ("canary", figures.canary)):
        for name, value in _named(summary):
            if value is not None:
                family.add_metric([source, name], value)
    return family


def _named(summary: Summary) -> tuple[tuple[str, float | None], ...]:
    return (("0.5", summary.p50_s), ("0.99", summary.p99_s), ("1", summary.max_s))


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return pairs of an upper bound and how many there are up to it; the last one is +Inf."""
    names = (*(repr(bound) for bound in bounds), "+Inf")
    return [(name, float(count)) for name, count in zip(names, counts, strict=True)]
