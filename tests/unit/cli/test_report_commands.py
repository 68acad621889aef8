"""`assent report`: the page, the sheets, and what is said where the log is not good."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.__main__ import run
from assent.cli.report_page import page
from assent.cli.report_sheets import safe, sheet, sheets
from assent.cli.report_words import verdict, verdict_kind
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
CHECK = {"number": 1, "name": "notes and keys", "source": "C2SP", "status": "ok", "details": ["x"]}
VERIFIED: dict[str, Any] = {
    "exit_code": 0,
    "size": 8,
    "entries": 8,
    "checks": [CHECK],
    "at": "2026-11-22T12:00:01.000000Z",
    "pinned": True,
    "trusted": "the key that was given",
    "continues": True,
    "rows": {"named": 1, "missing": [], "in_period": 6},
}
PACK: dict[str, Any] = {
    "report": "approvals",
    "title": "Approvals",
    "since": "2026-11-01T00:00:00.000000Z",
    "until": "2026-11-22T12:00:00.000000Z",
    "made_at": "2026-11-22T12:00:00.000000Z",
    "made_by": "carl",
    "entry": "ent_7",
    "origin": "assent.example/audit",
    "checkpoint": {
        "size": 8,
        "root": "ab" * 32,
        "at": "2026-11-22T12:00:00.000000Z",
        "note": "assent.example/audit\n8\n",
    },
    "verification": "not verified here",
    "witnesses": [
        {"name": "w1", "kind": "witness", "size": 7, "at": "2026-11-22T11:59:00Z", "problem": ""}
    ],
    "entries": {"first": 0, "last": 8, "in_period": 6},
    "left_out": ["2 payloads were erased"],
    "figures": [{"label": "answers", "value": 1, "about": "approval entries"}],
    "bars": [{"title": "Outcomes", "items": [["completed", 1]]}],
    "tables": [
        {
            "name": "answers",
            "title": "Answers",
            "about": "Every answer.",
            "columns": [
                {"name": "at", "kind": "time", "about": ""},
                {"name": "comment", "kind": "text", "about": "what they said"},
                {"name": "after", "kind": "number", "about": ""},
                {"name": "as", "kind": "text", "about": ""},
                {"name": "receipt", "kind": "id", "about": ""},
            ],
            "rows": [["2026-11-02T09:00:00.000000Z", "=1+1 <i>\x1b[2J", 12, None, "ent_3"]],
            "count": 3,
            "empty": "Nobody answered.",
        },
        {
            "name": "requests",
            "title": "Requests",
            "about": "Every request.",
            "columns": [{"name": "who", "kind": "text", "about": ""}],
            "rows": [],
            "count": 0,
            "empty": "Nobody asked.",
        },
    ],
    "notes": ["as it stood"],
    "controls": [
        {
            "framework": "SOC 2",
            "clause": "CC6.2",
            "about": "access is authorised",
            "shows": "who answered",
            "where": "answers",
            "not_shown": "the rest",
        }
    ],
}


def test_the_page_has_everything_and_nothing_that_runs() -> None:
    text = page(PACK)
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert "=1+1 &lt;i&gt;\\x1b[2J" in text
    for words in ("2 payloads were erased", "Nobody asked.", "CC6.2", "witness w1", "ab" * 32):
        assert words in text
    assert "of which 2 are not shown" in text
    assert "Columns without any value: as." in text
    assert "complies" not in text


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({}, "good", "Verified: the log is what was signed"),
        ({"pinned": False}, "open", "the one that the server itself named"),
        ({"exit_code": 1}, "bad", "TAMPERED"),
        ({"exit_code": 2}, "open", "Verified in part"),
        ({"exit_code": 3}, "open", "Stale"),
        ({"exit_code": 4}, "bad", "UNTRUSTED"),
        ({"continues": False}, "bad", "was not shown"),
        ({"rows": {"named": 1, "missing": ["ent_3"], "in_period": 6}}, "bad", "does not have"),
        ({"rows": {"named": 1, "missing": [], "in_period": 5}}, "bad", "another number"),
    ],
)
def test_the_first_page_says_how_the_log_was_found(
    change: dict[str, Any], kind: str, words: str
) -> None:
    pack = {**PACK, "verification": {**VERIFIED, **change}}
    assert verdict_kind(pack) == kind
    assert words in " ".join(verdict(pack))
    assert f"class='verdict {kind}'" in page(pack)


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(), st.text()), min_size=2, max_size=2)))
def test_a_sheet_is_read_back_and_no_cell_is_a_formula(rows: list[Any]) -> None:
    text = sheet(("one", "two"), rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["one", "two"], *([str(safe(cell)) for cell in row] for row in rows)]
    for row, cells in zip(rows, read[1:], strict=True):
        for before, cell in zip(row, cells, strict=True):
            assert isinstance(before, int) or cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")


def test_there_is_a_file_for_each_table_and_the_first_page() -> None:
    assert [name for name, _ in sheets(PACK)] == ["first-page", "controls", "answers", "requests"]
    checked = dict(sheets({**PACK, "verification": VERIFIED}))
    assert checked["checks"].startswith("check,of,result,found,clause\r\n1,notes and keys,ok,x")


def test_files_are_written_and_named_after_the_period(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/reports/approvals", 200, dict(PACK))
    words = ["report", "approvals", "--since", "2026-11", "--no-verify", "--out", str(tmp_path)]
    assert run(words) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "approvals-20261101-20261122-answers.csv",
        "approvals-20261101-20261122-controls.csv",
        "approvals-20261101-20261122-first-page.csv",
        "approvals-20261101-20261122-requests.csv",
        "approvals-20261101-20261122.html",
    ]
    assert "Not verified" in capsys.readouterr().out
    assert "since=" in signed_in.asked[-1].query


def test_json_writes_no_file(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    signed_in.answer("GET /v1/reports/approvals", 200, dict(PACK))
    assert run(["report", "approvals", "--since", "7d", "--no-verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verification"] == "not verified"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_asked_is_said(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["report", "costs", "--since", "7d"]) == 2
    assert run(["report", "approvals", "--since", "soon"]) == 2
    assert "`soon` is no time" in capsys.readouterr().err
    both = ["--key", "k", "--policy", "p"]
    assert run(["report", "approvals", "--since", "7d", *both]) == 2
    assert "not both" in capsys.readouterr().err
