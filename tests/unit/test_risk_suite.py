"""The suite `risk` of the benchmarks: what it says of an engine is true of a small simulation."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    # Benchmarks are no part of the package; they are run from the checkout.
    sys.path.append(str(ROOT))

from benchmarks.risk import judging, kept_profiles, nouns, product, sets, simulate, speed  # noqa: E402
from benchmarks.risk.rows import Row  # noqa: E402

from assent.core.assessment import RiskLevel  # noqa: E402
from assent.evaluation.options import By, Options  # noqa: E402
from assent.evaluation.run import evaluate  # noqa: E402

SMALL = simulate.Options(people=12, days=20, attack_share=0.1)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Return a small workplace with all attackers."""
    return list(simulate.rows(SMALL))


@pytest.fixture(scope="module")
def assessed(rows: list[Row]) -> tuple[product.Product, list[product.Assessed]]:
    """Return the product after that workplace, and all that it assessed."""
    gateway = product.Product()
    return gateway, list(gateway.over(rows))


def test_judging_by_attacker_agrees_with_the_evaluation(rows: list[Row], tmp_path: Path) -> None:
    judged = judging.judge(SMALL, ("freeman",))
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    report = evaluate(path, Options(by=By.SESSION, bootstrap=0, peers=("freeman",)))
    for result in (report.ours, *report.peers):
        assert judged[result.name].all.auc == result.figures.auc
        assert judged[result.name].ece == result.ece
    attackers = {row["attacker"] for row in rows if row["label"] == 1}
    assert judged["assent"].attackers.keys() == attackers


def test_every_labelled_row_is_assessed_and_the_top_factor_can_be_taken_away(
    rows: list[Row], assessed: tuple[product.Product, list[product.Assessed]]
) -> None:
    gateway, found = assessed
    assert [one.row for one in found] == [row for row in rows if row["label"] is not None]
    naive = [one for one in found if one.row["attacker"] == "naive"]
    assert all(one.assessment.level is not RiskLevel.LOW for one in naive)
    top = naive[0].assessment.factors[0].name
    assert top not in [factor.name for factor in naive[0].without_top().factors]
    assert gateway.memory.profiles.keys() >= {row["subject"] for row in rows if not row["label"]}


def test_a_row_becomes_what_the_product_would_know_of_it(rows: list[Row]) -> None:
    targets = nouns.targets()
    for row in rows[:200]:
        action = nouns.action(row)
        [touch] = action.touches
        database, _, table = nouns.chain(row, "resource")[0].partition(".")
        assert (touch.resource.name, targets[nouns.target_name(row)].name) == (table, database)
        assert touch.verb == nouns.chain(row, "action")[2]
        assert nouns.network(row).address == nouns.chain(row, "network")[0]
    with pytest.raises(ValueError, match=r"`rows` of a simulated row is .*; expected a chain"):
        nouns.chain(rows[0], "rows")


def test_rounds_are_equal_parts_in_time_order() -> None:
    assert speed.in_rounds([1000, 3000, 2000, 9000, 8000, 7000, 5], 2, 50) == [2.0, 8.0]


def test_time_and_size_are_measured_of_every_part(rows: list[Row]) -> None:
    parsed = judging.parsed(rows)
    figures = {one.name: one for one in speed.timed(parsed, 3)}
    assert figures["score_p50_us"].n == 3
    assert 0 < figures["score_p50_us"].value <= figures["score_p99_us"].value
    assert 0 < figures["update_p50_us"].value <= figures["update_p99_us"].value
    assert speed.sizes(parsed).value > 100


async def test_profiles_are_loaded_from_a_store(
    assessed: tuple[product.Product, list[product.Assessed]],
) -> None:
    profiles = [one.to_bytes() for one in assessed[0].memory.profiles.values()]
    figures = {one.name: one for one in await kept_profiles.loads(profiles, 20, 2)}
    assert figures["profiles_in_store"].value == 20
    assert 0 < figures["profile_load_p50_ms"].value <= figures["profile_load_p99_ms"].value


def test_a_set_without_its_data_has_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "shared_data", lambda _: None)
    assert [sets.evaluated(name) for name in ("unix", "queries", "cowrie")] == [None] * 3
