"""The sets that the risk engine is judged on: same bytes, in time order, and labelled truly."""

import io
import json
import statistics
import sys
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from assent.evaluation import rows as evaluation_rows

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    # Benchmarks are no part of the package; they are run from the checkout.
    sys.path.append(str(ROOT))

from benchmarks.risk import approvals, by_attacker, cowrie, queries, simulate, unix_users  # noqa: E402
from benchmarks.risk import rows as lines  # noqa: E402
from benchmarks.risk.attackers import ATTACKERS  # noqa: E402
from benchmarks.risk.company import TABLES  # noqa: E402
from benchmarks.risk.rows import Row  # noqa: E402
from benchmarks.risk.simulate import Options  # noqa: E402

SMALL = Options(people=40, days=40, attack_share=0.05)
CHAINS = {"network": 4, "device": 3, "client": 2, "hour": 3, "resource": 3, "action": 3}
NUMBERS = ("rows", "bytes", "pace", "fanout")


@pytest.fixture(scope="module")
def simulated() -> list[Row]:
    """Return a small workplace with all attackers."""
    return list(simulate.rows(SMALL))


def data(name: str) -> Path:
    """Return shared data, or leave the test out with a sentence that says why."""
    path = lines.shared_data(name)
    if path is None:
        pytest.skip(f"left out: there is no shared data `{name}`")
    return path


def text_of(arguments: list[str]) -> str:
    written = io.StringIO()
    with redirect_stdout(written):
        assert simulate.main(arguments) == 0
    return written.getvalue()


def assert_labels_follow_attackers(rows: list[Row]) -> None:
    for row in rows:
        assert row["label"] in (None, 0, 1)
        assert (row["label"] == 1) == (row["label"] is not None and row["attacker"] is not None)


def assert_integers_rise(rows: list[Row]) -> None:
    assert [row["at"] for row in rows] == list(range(len(rows)))


def test_the_same_seed_writes_the_same_bytes_and_another_one_does_not() -> None:
    options = ["--people", "10", "--days", "10", "--attackers", "naive,insider"]
    first = text_of([*options, "--seed", "3"])
    assert first == text_of([*options, "--seed", "3"])
    assert first != text_of([*options, "--seed", "4"])


def test_every_line_is_an_object_of_the_format() -> None:
    for line in text_of(["--people", "10", "--days", "10"]).splitlines():
        row = json.loads(line)
        features = row["features"]
        assert datetime.fromisoformat(row["at"]).tzinfo is not None
        assert {"subject", "group", "session", "label", "attacker"} < row.keys()
        assert all(len(features[name]) == count for name, count in CHAINS.items())
        assert all(type(text) is str for name in CHAINS for text in features[name])
        assert all(type(features[name]) is int and features[name] >= 0 for name in NUMBERS)
        assert len(features["purpose"]) == 1


def test_rows_are_in_time_order(simulated: list[Row]) -> None:
    assert all(str(one["at"]) <= str(other["at"]) for one, other in pairwise(simulated))


def test_chains_go_from_specific_to_general(simulated: list[Row]) -> None:
    provider_of: dict[str, str] = {}
    for row in simulated:
        address, prefix, system, country = row["features"]["network"]  # type: ignore[misc]
        assert address.rpartition(".")[0] == prefix.removesuffix(".0/24")
        assert provider_of.setdefault(prefix, system + country) == system + country
        table, schema, database = row["features"]["resource"]  # type: ignore[misc]
        assert table in TABLES
        assert table.startswith(f"{schema}.")
        assert schema.startswith(f"{database}.")


def test_every_attacker_is_there(simulated: list[Row]) -> None:
    assert {row["attacker"] for row in simulated} - {None} == set(ATTACKERS)


def test_labels_follow_attackers(simulated: list[Row]) -> None:
    assert_labels_follow_attackers(simulated)


def test_the_history_has_no_labels_and_no_attackers(simulated: list[Row]) -> None:
    history = [row for row in simulated if row["label"] is None]
    assert 0.3 < len(history) / len(simulated) < 0.5
    assert {row["attacker"] for row in history} == {None}


def test_attackers_have_their_share_of_sessions() -> None:
    kinds = ("naive", "vpn", "targeted", "insider-bulk")
    rows = simulate.rows(Options(people=60, days=30, kinds=kinds, attack_share=0.1))
    ill: dict[str | None, bool] = {}
    for row in rows:
        if row["label"] is not None:
            ill[row["session"]] = ill.get(row["session"], False) or row["label"] == 1
    assert 0.07 < sum(ill.values()) / len(ill) < 0.12


def test_sessions_have_one_subject_and_between_5_and_60_actions_of_people(
    simulated: list[Row],
) -> None:
    sizes: Counter[str | None] = Counter()
    subjects: dict[str | None, set[str]] = defaultdict(set)
    for row in simulated:
        sizes[row["session"]] += row["attacker"] is None
        subjects[row["session"]].add(row["subject"])
    own = [size for session, size in sizes.items() if size]
    assert max(own) == 60
    assert 6 <= statistics.median(own) <= 11
    assert all(len(found) == 1 for found in subjects.values())


def test_without_attackers_nothing_is_an_attack() -> None:
    rows = list(simulate.rows(Options(people=15, days=15, kinds=())))
    assert rows
    assert all(row["attacker"] is None and row["label"] != 1 for row in rows)


def test_attackers_change_nothing_in_what_people_do() -> None:
    def of_people(options: Options) -> list[tuple[object, ...]]:
        return [
            (row["at"], row["subject"], row["features"])
            for row in simulate.rows(options)
            if row["attacker"] is None
        ]

    kinds = ("naive", "poisoner", "stolen-device")
    with_attackers = of_people(Options(people=15, days=40, kinds=kinds))
    assert with_attackers == of_people(Options(people=15, days=40, kinds=()))


def test_an_insider_and_a_stolen_device_have_the_victims_device_and_the_naive_one_has_not(
    simulated: list[Row],
) -> None:
    own = defaultdict(set)
    for row in simulated:
        if row["attacker"] is None:
            own[row["subject"]].add(row["features"]["device"][0])  # type: ignore[index]
    for row in simulated:
        known = row["features"]["device"][0] in own[row["subject"]]  # type: ignore[index]
        match row["attacker"]:
            case "insider-slow" | "insider-bulk" | "insider-off-role" | "hijacked-agent":
                assert known
            case "stolen-device" | "very-targeted":
                assert known
            case "naive" | "vpn" | "targeted" | "impossible-travel" | "poisoner":
                assert not known


def test_an_impossible_traveller_is_abroad_within_the_hour(simulated: list[Row]) -> None:
    seen = 0
    for row in simulated:
        if row["attacker"] != "impossible-travel":
            continue
        seen += 1
        at = datetime.fromisoformat(str(row["at"]))
        near = {
            other["features"]["network"][3]  # type: ignore[index]
            for other in simulated
            if other["subject"] == row["subject"]
            and other["attacker"] is None
            and abs((datetime.fromisoformat(str(other["at"])) - at).total_seconds()) < 3 * 3600
        }
        assert near
        assert near != {row["features"]["network"][3]}  # type: ignore[index]
        if seen == 20:
            break
    assert seen


def test_false_friends_of_attackers_are_there_and_legitimate() -> None:
    rows = simulate.rows(Options(people=100, days=40, kinds=()))
    strange = {row["circumstance"] for row in rows if row["label"] == 0}
    assert strange >= {
        "vpn",
        "travel",
        "mobile",
        "roaming",
        "on-call",
        "project",
        "role-change",
        "new-device",
        "new-starter",
    }


def test_poison_is_without_label_and_has_its_share_of_each_victims_history() -> None:
    kinds = ("targeted", "insider-off-role")
    clean = Options(people=20, days=30, kinds=kinds, attack_share=0.05)
    share = 0.1
    poisoned = Options(people=20, days=30, kinds=kinds, attack_share=0.05, poison_share=share)
    before, after = list(simulate.rows(clean)), list(simulate.rows(poisoned))
    victims = {row["subject"] for row in after if row["label"] is None and row["attacker"]}
    history = Counter(row["subject"] for row in before if row["label"] is None)
    # Who joined after the history has none to poison.
    assert victims == {row["subject"] for row in before if row["label"] == 1} & history.keys()
    poison = Counter(row["subject"] for row in after if row["label"] is None)
    for victim in victims:
        found = (poison[victim] - history[victim]) / poison[victim]
        assert found == pytest.approx(share, abs=0.01)
    judged = [[row["features"] for row in rows if row["label"] == 1] for rows in (before, after)]
    assert judged[0] == judged[1]


def test_sign_ins_have_the_published_marginals() -> None:
    options = simulate.parse(["--logins", "rba", "--people", "3000", "--days", "365"])
    rows = list(simulate.rows(options))
    legitimate = [row for row in rows if row["attacker"] is None]
    counts = sorted(Counter(row["subject"] for row in legitimate).values())
    assert statistics.median(counts) == 2
    assert 8 <= counts[len(counts) * 9 // 10] <= 10
    assert 22 <= counts[len(counts) * 99 // 100] <= 34
    home = {row["subject"] for row in rows if row["features"]["network"][3] == "XA"}  # type: ignore[index]
    assert 0.38 < len(home) / len(counts) < 0.52
    assert {row["attacker"] for row in rows} == {
        None,
        "naive",
        "vpn",
        "targeted",
        "very-targeted",
    }
    assert_labels_follow_attackers(rows)


def test_an_attacker_that_nobody_defined_is_refused_with_the_names_that_are_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refused:
        simulate.parse(["--attackers", "naive,pirate"])
    assert refused.value.code == 2
    assert "there is no attacker `pirate`; there are naive, vpn" in capsys.readouterr().err


def test_insider_names_all_three_kinds_of_insiders() -> None:
    assert simulate.parse(["--attackers", "insider"]).kinds == (
        "insider-slow",
        "insider-bulk",
        "insider-off-role",
    )


def test_requests_for_access_are_denied_as_often_as_published_and_rarely_by_the_same_person() -> (
    None
):
    rows = list(approvals.rows(count=6_000, seed=2))
    assert rows == list(approvals.rows(count=6_000, seed=2))
    assert_integers_rise(rows)
    assert 0.045 < sum(row["label"] or 0 for row in rows) / len(rows) < 0.075
    assert len({row["subject"] for row in rows}) > 0.95 * len(rows)
    assert all(row["group"] == row["features"]["department"] for row in rows)
    assert len({str(row["features"]["resource"]) for row in rows}) > 1_000


def test_a_masquerade_replaces_whole_blocks_of_real_commands() -> None:
    rows = list(unix_users.rows(data("unix_users"), begins=0.05, seed=5))
    assert_integers_rise(rows)
    assert_labels_follow_attackers(rows)
    assert {row["subject"] for row in rows} == {f"USER{number}" for number in range(1, 7)}
    blocks: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        blocks[row["session"]].append(row)
    assert {len(block) for block in blocks.values()} == {100}
    assert {len({row["label"] for row in block}) for block in blocks.values()} == {1}
    assert {block[0]["label"] for block in blocks.values()} == {None, 0, 1}


@pytest.mark.parametrize(("sources", "subjects"), [("all", 8), ("1,2,3", 5)])
def test_masquerades_may_have_other_sources(sources: str, subjects: int) -> None:
    rows = list(unix_users.rows(data("unix_users"), sources=sources))
    assert len({row["subject"] for row in rows}) == subjects
    assert any(row["label"] == 1 for row in rows)


def test_a_source_that_is_no_user_is_refused() -> None:
    with pytest.raises(SystemExit, match="sources are `held-out`, `all` or numbers"):
        list(unix_users.rows(data("unix_users"), sources="9"))


def test_real_queries_have_all_attacks_and_literals_do_not_change_a_shape() -> None:
    rows = list(queries.rows(data("sede_queries.jsonl"), people=10, sessions=40, share=0.1))
    assert_integers_rise(rows)
    assert_labels_follow_attackers(rows)
    assert {row["attacker"] for row in rows} == {None, *queries.ATTACKS}
    one = queries.read("select * from Posts p join [Users] u on 1=1 where Id = 5 -- mine")
    other = queries.read("SELECT * FROM Posts p JOIN [Users] u ON 2=2 WHERE Id = 77")
    assert one.shape == other.shape
    assert one.tables == "posts+users"


def test_a_name_given_inside_a_query_is_no_table() -> None:
    assert queries.read("with top_ten as (select * from Votes) select * from top_ten").tables == (
        "votes"
    )


def test_the_honeypots_attackers_come_among_people_in_time_order() -> None:
    rows = list(cowrie.rows(data("cowrie_sessions_20k.csv"), people=20, keep=0.01))
    times = [datetime.fromisoformat(str(row["at"])) for row in rows]
    assert times == sorted(times)
    assert_labels_follow_attackers(rows)
    assert {row["attacker"] for row in rows} == {None, "naive"}
    labelled = [row for row in rows if row["label"] == 0]
    assert labelled
    assert all(len(row["features"]["network"]) == 2 for row in rows)  # type: ignore[arg-type]


def test_without_the_data_an_adapter_says_so_in_a_line_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lines, "__file__", "/nowhere/benchmarks/risk/rows.py")
    for module in (unix_users, queries, cowrie):
        assert module.main([]) == 0
        written = capsys.readouterr()
        assert written.out == ""
        assert written.err.startswith("left out: there is no `shared/data/")
        assert written.err.count("\n") == 1


class Spy:
    """A scorer that knows of which network the legitimate rows come, by what it learned."""

    name = "spy"

    def __init__(self) -> None:
        self.learned: set[str] = set()
        self.sessions_learned: set[str] = set()

    def score(self, row: evaluation_rows.Row) -> float:
        assert row.session not in self.sessions_learned
        return float(row.features["network"] not in self.learned)

    def learn(self, row: evaluation_rows.Row, *, label: int | None) -> None:
        self.sessions_learned.add(row.session)
        if label != 1:
            self.learned.add(row.features["network"])  # type: ignore[arg-type]


def test_the_table_by_attacker_scores_a_session_before_it_is_learned_and_names_who_was_found() -> (
    None
):
    text = text_of(["--people", "30", "--days", "30", "--attackers", "naive,insider-bulk"])
    found = by_attacker.table(text.splitlines(keepends=True), Spy())
    by_name = {line.name: line for line in found}
    assert by_name["naive"].auc is not None
    assert by_name["insider-bulk"].auc is not None
    assert by_name["naive"].auc > 0.8 > 0.6 > by_name["insider-bulk"].auc
    assert by_name["vpn"].auc is None
    assert all(0 <= line.over <= 1 and line.sessions > 0 for line in found)


def test_a_table_of_rows_without_labels_is_empty() -> None:
    text = text_of(["--people", "5", "--days", "5", "--history-share", "1", "--attackers", "none"])
    assert by_attacker.table(text.splitlines(keepends=True), Spy()) == []


def test_the_first_sign_in_of_everybody_is_history() -> None:
    options = simulate.parse(["--logins", "rba", "--people", "200"])
    firsts: dict[str, Row] = {}
    for row in simulate.rows(options):
        firsts.setdefault(row["subject"], row)
    assert len(firsts) > 190
    assert {row["label"] for row in firsts.values()} == {None}


def test_the_evaluation_reads_what_is_written() -> None:
    text = text_of(["--people", "10", "--days", "10", "--attack-share", "0.1"])
    read = list(evaluation_rows.read(io.BytesIO(text.encode()), "simulated.jsonl"))
    assert len(read) == text.count("\n")
    assert {row.label for row in read} == {None, 0, 1}
    assert all(len(row.features) == 11 for row in read)
