"""A bundle is proved row by row, and whatever was changed in it is named."""

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from assent_verify.bundles import verify_bundle
from assent_verify.notes import parse_key
from assent_verify.policy import of_keys
from assent_verify.report import ExitCode, Report
from unit.assent_verify.exports import KEY, ORIGIN, WITNESS, a_leaf, a_note, node, trusting

FIRST, END, SIZE = 3, 9, 11
LEAVES = [a_leaf(number) for number in range(SIZE)]


def path_of(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path, as RFC 6962 (section 2.1.1) defines it."""
    if len(hashes) == 1:
        return []
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    left, right = hashes[:split], hashes[split:]
    if index < split:
        return [*path_of(left, index), root_of(right)]
    return [*path_of(right, index - split), root_of(left)]


def root_of(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node(root_of(hashes[:split]), root_of(hashes[split:]))


def an_event(index: int) -> dict[str, Any]:
    leaf = json.loads(LEAVES[index])
    at = datetime.fromisoformat(leaf["at"])
    proof = {key: leaf[key] for key in ("request", "session", "target") if leaf[key] is not None}
    return {
        "actor": {"user": {"uid": leaf["subject"]}} if leaf["subject"] else {"app_name": "assent"},
        "metadata": {"event_code": leaf["kind"], "uid": leaf["id"]},
        "time": int(at.timestamp()) * 1000 + at.microsecond // 1000,
        "unmapped": {
            "assent": {
                **proof,
                "facts": leaf["facts"],
                "index": index,
                "leaf_hash": sha256(b"\x00" + LEAVES[index]).hexdigest(),
                "origin": ORIGIN,
            }
        },
    }


class Bundle:
    """The files of a bundle, to be changed before they are written."""

    def __init__(self) -> None:
        hashes = [sha256(b"\x00" + leaf).digest() for leaf in LEAVES]
        self.about: dict[str, Any] = {
            "end": END, "events": "events.jsonl", "first": FIRST,
            "since": "", "until": "", "version": 1,
        }  # fmt: skip
        self.checkpoint = a_note(LEAVES)
        self.proofs: list[dict[str, Any]] = [
            {
                "hashes": [b64encode(one).decode() for one in path_of(hashes, index)],
                "index": index,
                "leaf": b64encode(LEAVES[index]).decode(),
            }
            for index in range(FIRST, END)
        ]
        self.events = [an_event(index) for index in range(FIRST, END)]

    def verified(self, folder: Path, policy: Any = None) -> Report:
        (folder / "bundle.json").write_text(json.dumps(self.about))
        (folder / "checkpoint").write_text(self.checkpoint)
        for name, lines in (("proofs", self.proofs), ("events", self.events)):
            text = "".join(json.dumps(one) + "\n" for one in lines)
            (folder / f"{name}.jsonl").write_text(text)
        return verify_bundle(folder, policy or of_keys([parse_key(KEY.text)]))


def said(report: Report) -> str:
    return "; ".join(detail for check in report.checks for detail in check.details)


def test_a_bundle_is_proved(tmp_path: Path) -> None:
    report = Bundle().verified(tmp_path)
    assert report.exit_code is ExitCode.GOOD, said(report)
    assert report.entries == END - FIRST
    assert [one.number for one in report.checks] == [1, 2, 4, 7, 14]


def test_witnesses_count_as_elsewhere(tmp_path: Path) -> None:
    bundle = Bundle()
    policy = trusting(KEY, WITNESS, quorum="w0")
    assert bundle.verified(tmp_path, policy).exit_code is not ExitCode.GOOD
    bundle.checkpoint = a_note(LEAVES, keys=(KEY, WITNESS))
    assert bundle.verified(tmp_path, policy).exit_code is ExitCode.GOOD


def change(*path: Any, to: Any) -> Any:
    def changed(bundle: Bundle) -> None:
        here: Any = bundle.events[2]
        for key in path[:-1]:
            here = here[key]
        here[path[-1]] = to

    return changed


def swap_leaf(bundle: Bundle) -> None:
    bundle.proofs[1]["leaf"] = b64encode(a_leaf(4, kind="approval")).decode()


def swap_rows(bundle: Bundle) -> None:
    bundle.proofs[1], bundle.proofs[2] = bundle.proofs[2], bundle.proofs[1]


def drop_row(bundle: Bundle) -> None:
    del bundle.proofs[1], bundle.events[1]


def add_event(bundle: Bundle) -> None:
    bundle.events.append(bundle.events[0])


def damage_hash(bundle: Bundle) -> None:
    bundle.proofs[3]["hashes"][0] = b64encode(b"\x01" * 32).decode()


def other_root(bundle: Bundle) -> None:
    bundle.checkpoint = a_note(LEAVES[:-1])


@pytest.mark.parametrize(
    ("attack", "number"),
    [
        (swap_leaf, 2),
        (swap_rows, 2),
        (drop_row, 2),
        (damage_hash, 2),
        (other_root, 2),
        (add_event, 14),
        (change("metadata", "event_code", to="approval"), 14),
        (change("metadata", "uid", to="ent_other"), 14),
        (change("time", to=1), 14),
        (change("actor", to={"user": {"uid": "sub_mallory"}}), 14),
        (change("unmapped", "assent", "leaf_hash", to="00" * 32), 14),
        (change("unmapped", "assent", "origin", to="other.example"), 14),
        (change("unmapped", "assent", "facts", to={"outcome": "permit"}), 14),
        (change("unmapped", "assent", to=None), 14),
    ],
)
def test_what_was_changed_is_named(tmp_path: Path, attack: Any, number: int) -> None:
    bundle = Bundle()
    attack(bundle)
    report = bundle.verified(tmp_path)
    assert report.exit_code is ExitCode.TAMPERED, said(report)
    found = next(one for one in report.checks if one.number == number)
    assert found.status == "failed", said(report)


def test_a_bundle_that_ends_too_early_is_incomplete(tmp_path: Path) -> None:
    bundle = Bundle()
    del bundle.proofs[-1], bundle.events[-1]
    assert bundle.verified(tmp_path).exit_code is ExitCode.INCOMPLETE


def test_a_missing_event_is_incomplete(tmp_path: Path) -> None:
    bundle = Bundle()
    del bundle.events[-1]
    assert bundle.verified(tmp_path).exit_code is ExitCode.INCOMPLETE


@pytest.mark.parametrize("name", ["checkpoint", "bundle.json"])
def test_a_bundle_that_was_not_finished_is_incomplete(tmp_path: Path, name: str) -> None:
    Bundle().verified(tmp_path)
    (tmp_path / name).unlink()
    report = verify_bundle(tmp_path, of_keys([parse_key(KEY.text)]))
    assert report.exit_code is ExitCode.INCOMPLETE
    assert "was not finished" in said(report)


def test_without_a_key_that_is_trusted_nothing_is_good(tmp_path: Path) -> None:
    from assent_verify.policy import Policy

    assert Bundle().verified(tmp_path, Policy()).exit_code is ExitCode.UNTRUSTED_KEY


@pytest.mark.parametrize(
    "about",
    [{}, {"version": 2}, {"first": -1}, {"end": "9"}, {"first": 9}, {"events": "../../passwd"}],
)
def test_what_describes_a_bundle_wrongly_is_refused(tmp_path: Path, about: dict[str, Any]) -> None:
    bundle = Bundle()
    bundle.about = bundle.about | about if about else {}
    assert bundle.verified(tmp_path).exit_code is ExitCode.TAMPERED


def test_events_in_parquet_are_said_not_to_be_compared(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.about["events"] = "events.parquet"
    bundle.events = []
    report = bundle.verified(tmp_path)
    assert report.exit_code is ExitCode.GOOD
    assert "Parquet are not compared" in said(report)
