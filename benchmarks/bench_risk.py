"""What the risk engine costs, whom it finds, and what its reasons are worth.

First what is timed, alone in this process; then what is not, in processes beside each other.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from assent.core.assessment import RiskLevel
from assent.evaluation.options import Feedback
from assent.risk.memory import Memory
from benchmarks.figures import Figure, figure, publish
from benchmarks.risk import judging, kept_profiles, product, sets, simulate, speed
from benchmarks.risk.judging import Judged
from benchmarks.risk.sets import Evaluated

ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
SEEDS = (1, 2, 3)
STORED = 100_000

OFTEN = simulate.Options(people=100, days=45, attack_share=0.05)
"""More attacks than there ever are, so that there are some dozens of each kind."""
SELDOM = simulate.Options(people=100, days=45)
PRODUCT = simulate.Options(people=60, days=40, attack_share=0.05)

_OURS, _PEER = "assent", "freeman"

_Judgements = Sequence[Mapping[str, Judged]]
"""One a seed: by engine."""


async def run() -> None:
    """Run the suite and publish its figures."""
    rows = judging.parsed(simulate.rows(OFTEN))
    figures = [*speed.timed(rows, ROUNDS), speed.sizes(rows)]
    del rows
    of_product, memory = _product()
    profiles = [profile.to_bytes() for profile in memory.profiles.values()]
    figures += await kept_profiles.loads(profiles, STORED, ROUNDS)
    figures += of_product
    workers = max(1, (os.cpu_count() or 1) // 2)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        often = [pool.submit(judging.judge, one, (_PEER,)) for one in _seeded(OFTEN)]
        poisoned = replace(OFTEN, poison_share=0.05)
        poison = [pool.submit(judging.judge, one) for one in _seeded(poisoned)]
        seldom = [pool.submit(judging.judge, one) for one in _seeded(SELDOM)]
        silent = [pool.submit(judging.judge, one, (), Feedback.NONE) for one in _seeded(SELDOM)]
        others = {name: pool.submit(sets.evaluated, name) for name in sets.SETS}
        figures += _poison(_results(often), _results(poison))
        figures += _calibration(_results(often), _results(seldom), _results(silent))
        figures += _attackers(_results(often))
        for name, future in others.items():
            figures += _set(name, future.result())
    publish("risk", figures)


def _seeded(options: simulate.Options) -> list[simulate.Options]:
    return [replace(options, seed=seed) for seed in SEEDS]


def _results(futures: Sequence[Future[dict[str, Judged]]]) -> _Judgements:
    return [future.result() for future in futures]


def _product() -> tuple[list[Figure], Memory]:
    """Assess simulated actions by all signals; return figures, and all that was learned."""
    gateway = product.Product()
    took: list[int] = []
    levels: dict[bool, list[RiskLevel]] = {False: [], True: []}
    lowered: list[bool] = []
    first: dict[str | None, bool] = {}
    with speed.spared_collector():
        for one in gateway.over(list(simulate.rows(PRODUCT))):
            took.append(one.took_ns)
            is_attack, level = one.row["label"] == 1, one.assessment.level
            levels[is_attack].append(level)
            if is_attack and level is not RiskLevel.LOW:
                less = one.without_top().level
                lowered.append(product.LEVELS.index(less) < product.LEVELS.index(level))
                first.setdefault(one.row["session"], lowered[-1])
    found = [
        figure("top_factor_lowers_level_percent", [_percent(lowered)], "%", ">= 90"),
        figure("top_factor_lowers_first_alarm_percent", [_percent([*first.values()])], "%"),
        figure("product_attacks_from_medium_percent", [_above_low(levels[True])], "%"),
        figure("product_people_from_medium_percent", [_above_low(levels[False])], "%"),
        figure("product_score_p50_us", speed.in_rounds(took, ROUNDS, 50), "µs"),
        figure("product_score_p99_us", speed.in_rounds(took, ROUNDS, 99), "µs"),
    ]
    return found, gateway.memory


def _above_low(levels: Sequence[RiskLevel]) -> float:
    return _percent([level is not RiskLevel.LOW for level in levels])


def _percent(which: Sequence[bool]) -> float:
    return 100 * sum(which) / len(which) if which else 0.0


def _poison(clean: _Judgements, poisoned: _Judgements) -> list[Figure]:
    """Compare the same attacks with and without events of the attackers in the history."""
    before = [one[_OURS].all.auc for one in clean]
    after = [one[_OURS].all.auc for one in poisoned]
    losses = [was - now for was, now in zip(before, after, strict=True)]
    return [
        figure("auc_simulator", before, "AUC"),
        figure("auc_loss_at_5pct_poison", losses, "AUC", "<= 0.01"),
    ]


def _calibration(often: _Judgements, seldom: _Judgements, silent: _Judgements) -> list[Figure]:
    return [
        figure("ece_simulator", _errors(seldom), "", "<= 0.03"),
        figure("ece_simulator_unanswered", _errors(silent), ""),
        figure("ece_simulator_attacks_5pct", _errors(often), ""),
    ]


def _errors(judged: _Judgements) -> list[float]:
    return [ece for one in judged if (ece := one[_OURS].ece) is not None]


def _attackers(judged: _Judgements) -> list[Figure]:
    """Return for each kind of attacker what we and the peer make of it."""
    found = []
    for attacker in judged[0][_OURS].attackers:
        for engine in (_OURS, _PEER):
            name = attacker if engine == _OURS else f"{attacker}_{engine}"
            told = [one[engine].attackers[attacker] for one in judged]
            found.append(figure(f"auc_{name}", [one.auc for one in told], "AUC"))
            caught = [one.caught for one in told]
            found.append(figure(f"caught_at_1pct_{name}", caught, "of 1"))
    return found


def _set(name: str, evaluated: Evaluated | None) -> list[Figure]:
    """Return the figures of one set, none where its data is absent."""
    if evaluated is None:
        return []
    found = []
    for engine, figures in evaluated.engines.items():
        end = "" if engine == _OURS else f"_{engine}"
        if figures.auc is not None:
            found.append(figure(f"{name}_auc{end}", [figures.auc], "AUC"))
        for percent in ("1", "1.7"):
            caught = sets.caught(figures, percent)
            if caught is not None:
                found.append(figure(f"{name}_tpr_at_{percent}{end}", [caught], "of 1"))
    if evaluated.ece is not None:
        found.append(figure(f"{name}_ece", [evaluated.ece], ""))
    return found
