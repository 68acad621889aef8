"""Reading rows: what is understood, and faults that name the line and the key."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from assent.core.faults import OperatorFault
from assent.evaluation.rows import LONGEST_LINE_BYTES, LONGEST_VALUE, Row, instant, read
from unit.evaluation.evaluation_builders import a_line


def rows_of(*lines: dict[str, Any]) -> list[Row]:
    return list(read(io.BytesIO("".join(f"{json.dumps(one)}\n" for one in lines).encode()), "f"))


def fault_of(content: bytes) -> str:
    with pytest.raises(OperatorFault) as caught:
        list(read(io.BytesIO(content), "f.jsonl"))
    return caught.value.detail


def test_a_row_is_read_with_all_kinds_of_features() -> None:
    features = {"verb": "select", "address": ["192.0.2.1", "AS1", "CH"], "rows": 12}
    line = a_line("2026-02-03T04:05:06.5+01:00", group="dba", features=features, label=1)
    (row,) = rows_of(line | {"session": "s"})
    assert row.features == {"verb": "select", "address": ("192.0.2.1", "AS1", "CH"), "rows": 12.0}
    assert isinstance(row.features["rows"], float)
    assert (row.subject, row.group, row.session, row.label) == ("ana", "dba", "s", 1)
    assert row.seconds == datetime(2026, 2, 3, 3, 5, 6, 500_000, UTC).timestamp()


def test_an_integer_order_has_no_clock() -> None:
    (row,) = rows_of(a_line(7))
    assert (row.at, row.seconds, row.group, row.session, row.label) == (7, None, "", "", None)


def test_keys_may_be_left_out_but_for_time_subject_and_features() -> None:
    (row,) = rows_of({"at": 1, "subject": "a", "features": {}, "country": "a column of theirs"})
    assert row == Row(1, None, "a", "", "", {}, None)


def test_a_feature_that_is_null_is_one_that_is_not_known() -> None:
    (row,) = rows_of(a_line(1, features={"city": None, "verb": "x"}))
    assert row.features == {"verb": "x"}


def test_empty_lines_are_passed_over_and_counted() -> None:
    assert "f.jsonl:3: `at`" in fault_of(b'\n{"at":1,"subject":"a","features":{}}\n{}\n')


def test_a_long_value_is_cut_and_stays_different_from_others() -> None:
    start = "x" * (2 * LONGEST_VALUE)
    one, other = rows_of(
        a_line(1, features={"v": start + "1"}), a_line(1, features={"v": start + "2"})
    )
    assert len(str(one.features["v"])) == LONGEST_VALUE
    assert one.features["v"] != other.features["v"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"at": None}, "`at` is `null`; expected RFC 3339"),
        ({"at": True}, "`at` is `true`"),
        ({"at": 1.5}, "`at` is `1.5`"),
        ({"at": 2**63}, "an integer of 64 bits"),
        ({"at": "2026-02-03"}, "`at`: `2026-02-03` is no instant"),
        ({"at": "2026-13-03T00:00:00Z"}, "is no instant"),
        ({"at": "2026-02-03T04:05:06"}, "write RFC 3339 with an offset"),
        ({"subject": ""}, "`subject` is `\"\"`; expected text that is not empty"),
        ({"subject": 5}, "`subject` is `5`"),
        ({"group": 5}, "`group` is `5`; expected text or null"),
        ({"session": []}, "`session` is `[]`"),
        ({"label": 2}, "`label` is `2`; expected 0, 1 or null"),
        ({"label": True}, "`label` is `true`"),
        ({"features": None}, "`features` is `null`; expected an object"),
        ({"features": {"v": True}}, "`features.v` is `true`; expected text, a number or a list"),
        ({"features": {"v": {}}}, "`features.v` is `{}`"),
        ({"features": {"v": []}}, "`features.v` is `[]`; expected 1 to 16 texts"),
        ({"features": {"v": ["a", 1]}}, "`features.v` is `[\"a\",1]`"),
        ({"features": {"v": ["a"] * 17}}, "expected 1 to 16 texts"),
        ({"features": {"v": 10**400}}, "expected a finite number"),
        ({"features": {f"f{n}": "x" for n in range(65)}}, "has 65 names; expected at most 64"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_line(wrong: dict[str, Any], words: str) -> None:
    content = json.dumps(a_line(1, label=0) | wrong)
    detail = fault_of(f"{json.dumps(a_line(0))}\n{content}\n".encode())
    assert detail.startswith("f.jsonl:2: ")
    assert words in detail


@pytest.mark.parametrize("line", [b"nonsense", b'{"at": 1', b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_named_with_its_line(line: bytes) -> None:
    assert fault_of(line).startswith("f.jsonl:1: this is not JSON in UTF-8")


def test_a_line_that_is_no_object_is_told_the_keys() -> None:
    assert "expected an object with the keys at, subject" in fault_of(b"[]\n")


def test_a_line_without_end_is_not_read_to_its_end() -> None:
    stream = io.BytesIO(b" " * (3 * LONGEST_LINE_BYTES))
    with pytest.raises(OperatorFault, match="f:1: the line is longer than 1048576 bytes"):
        list(read(stream, "f"))
    assert stream.tell() == LONGEST_LINE_BYTES + 1


def test_rows_out_of_order_are_told_with_both_lines() -> None:
    with pytest.raises(OperatorFault, match="f:2: `at` is `1`, before `2` in line 1; sort"):
        rows_of(a_line(2), a_line(1))


def test_rows_of_the_same_time_are_in_order() -> None:
    assert len(rows_of(a_line(2), a_line(2))) == 2


def test_instants_are_compared_across_offsets() -> None:
    assert len(rows_of(a_line("2026-01-01T02:00:00+02:00"), a_line("2026-01-01T00:00:00Z"))) == 2


def test_integers_and_instants_are_not_mixed() -> None:
    with pytest.raises(OperatorFault, match=r"f:2: .* in line 1; write all of them as integers"):
        rows_of(a_line(2), a_line("2026-01-01T00:00:00Z"))


def test_rows_before_a_fault_are_given_first() -> None:
    reading = read(io.BytesIO(f"{json.dumps(a_line(1))}\n{{}}".encode()), "f")
    assert next(reading).at == 1
    with pytest.raises(OperatorFault):
        next(reading)


def test_an_instant_may_be_written_in_small_letters() -> None:
    assert instant("2026-02-03t04:05:06z") == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
