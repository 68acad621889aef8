"""A bundle: the events of a period, each with the proof that the log holds its entry.

Each proof leads from a leaf to the one checkpoint of the bundle. That nothing between the first
and the last entry is missing follows: there is one proof for every index. What an event says
beyond its leaf (names, texts) is what whoever made the bundle says.
"""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

from assent_verify.checkpoints import NOTES, Seen, look_at
from assent_verify.leaves import read_leaf
from assent_verify.notes import MAX_NOTE_BYTES
from assent_verify.outside import check_witnesses
from assent_verify.policy import Policy
from assent_verify.report import BUNDLED, Findings, Report, Status, close, name_entry
from assent_verify.tree import HASH_BYTES, leaf_hash, verify_inclusion
from assent_verify.trust import Trust

_TREE, _FORM, _WITNESSES = 2, 4, 7
_CHECKS = (NOTES, _TREE, _FORM, _WITNESSES, BUNDLED)
_MOST_LINE = 1 << 20
_MOST_HASHES = 64
_EVENTS = "events.jsonl"


@dataclass(frozen=True, slots=True)
class Described:
    """What a bundle says that it holds: the entries from `first` on, before `end`."""

    first: int
    end: int
    events: str


def verify_bundle(folder: Path, policy: Policy | None) -> Report:
    """Return what the checks say that a bundle allows. Raises OSError for what cannot be read."""
    findings, trusted = Findings(), policy or Policy()
    keys = [*trusted.logs, *trusted.witnesses.values()]
    trust = Trust(keys)
    trust.believe(trusted.logs)
    seen = _checkpoint(folder, keys, findings)
    described = _described(folder, findings)
    if seen is None or described is None:
        for number in _CHECKS[1:]:
            findings.add(number, Status.LEFT_OUT, "left out: there is nothing to compare with")
        return Report(tuple(close(findings, number, "") for number in _CHECKS))
    summaries: dict[int, str] = {}
    if trust.judge(seen, findings):
        summaries[NOTES] = f"signed by `{seen.origin}`, size {seen.size}"
    count = _rows(folder, described, seen, findings)
    summaries[_TREE] = f"{count} entries are in the log of that size, none between them missing"
    summaries[_FORM] = f"{count} leaves can be read"
    summaries[BUNDLED] = f"{count} events say what their entries say"
    witnessing = check_witnesses(trusted, keys, seen, [seen], findings)
    summaries[_WITNESSES] = witnessing.summary
    checks = tuple(close(findings, number, summaries.get(number, "")) for number in _CHECKS)
    return Report(checks, seen.origin, seen.size, seen.root, count, witnessing.size)


def _checkpoint(folder: Path, keys: Any, findings: Findings) -> Seen | None:
    try:
        with (folder / "checkpoint").open("rb") as file:
            text = file.read(MAX_NOTE_BYTES + 1).decode("utf-8")
    except FileNotFoundError:
        findings.miss(NOTES, "`checkpoint` is missing: the bundle was not finished")
        return None
    except ValueError:
        findings.fail(NOTES, "`checkpoint` is not utf-8")
        return None
    return look_at("`checkpoint`", text, keys, findings)


def _described(folder: Path, findings: Findings) -> Described | None:
    try:
        with (folder / "bundle.json").open("rb") as file:
            said = json.loads(file.read(_MOST_LINE))
        first, end, events = said["first"], said["end"], said["events"]
        if said["version"] != 1 or type(first) is not int or type(end) is not int:
            raise ValueError("it is of another version")
        if not 0 <= first < end or events not in (_EVENTS, "events.parquet"):
            raise ValueError("it names no entries")
    except FileNotFoundError:
        findings.miss(BUNDLED, "`bundle.json` is missing: the bundle was not finished")
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        findings.fail(BUNDLED, f"`bundle.json` cannot be read: {error}")
        return None
    return Described(first, end, events)


def _rows(folder: Path, described: Described, seen: Seen, findings: Findings) -> int:
    """Check every row; return how many are proved."""
    count, expected = 0, described.first
    has_events = described.events == _EVENTS
    if not has_events:
        words = "events in Parquet are not compared: those in JSON lines are"
        findings.add(BUNDLED, Status.SKIPPED, words)
    events = _lines(folder / _EVENTS) if has_events else iter(())
    for line, event in zip_longest(_lines(folder / "proofs.jsonl"), events):
        if line is None:
            findings.fail(BUNDLED, "there are more events than proofs")
            break
        leaf = _proved(line, expected, seen, findings)
        count += leaf is not None
        if has_events and leaf is not None:
            _compare(event, expected, leaf, seen.origin, findings)
        expected += 1
    if expected != described.end:
        words = f"proofs end before entry {expected}, the bundle is said to before {described.end}"
        findings.miss(_TREE, words)
    return count


def _proved(line: bytes, index: int, seen: Seen, findings: Findings) -> bytes | None:
    """Return the leaf that a proof is of, once it leads to the checkpoint; else None."""
    leaf = b""
    try:
        proof = json.loads(line)
        leaf = b64decode(proof["leaf"], validate=True)
        hashes = [b64decode(one, validate=True) for one in proof["hashes"]]
        if proof["index"] != index or type(proof["index"]) is not int:
            raise ValueError(f"it is of entry `{str(proof['index'])[:20]}`")
        if len(hashes) > _MOST_HASHES or any(len(one) != HASH_BYTES for one in hashes):
            raise ValueError("its hashes are none")
        verify_inclusion(index, seen.size, leaf_hash(leaf), hashes, seen.root)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        named = name_entry(index, leaf)
        findings.fail(_TREE, f"{named} is not proved: {error}", named)
        return None
    return leaf


def _compare(event: bytes | None, index: int, leaf: bytes, origin: str, findings: Findings) -> None:
    named = name_entry(index, leaf)
    try:
        value = read_leaf(leaf)
    except ValueError as error:
        findings.fail(_FORM, f"{named}: {error}", named)
        return
    if event is None:
        findings.miss(BUNDLED, f"{named} has no event", named)
        return
    try:
        wrong = _differs(json.loads(event), index, leaf, value, origin)
    except (ValueError, KeyError, TypeError, RecursionError):
        wrong = "cannot be read"
    if wrong:
        findings.fail(BUNDLED, f"the event of {named} {wrong}", named)


def _differs(
    event: dict[str, Any], index: int, leaf: bytes, value: dict[str, Any], origin: str
) -> str:
    """Return in what an event differs from its entry, empty for in nothing."""
    proof, metadata = event["unmapped"]["assent"], event["metadata"]
    at = datetime.fromisoformat(value["at"])
    user = event["actor"].get("user") or {}
    pairs = {
        "origin": (proof["origin"], origin),
        "index": (proof["index"], index),
        "leaf hash": (proof["leaf_hash"], sha256(b"\x00" + leaf).hexdigest()),
        "entry": (metadata["uid"], value["id"]),
        "kind": (metadata["event_code"], value["kind"]),
        "time": (event["time"], int(at.timestamp()) * 1000 + at.microsecond // 1000),
        "subject": (user.get("uid"), value["subject"]),
        **{key: (proof.get(key), value[key]) for key in ("request", "session", "target")},
    }
    for key, fact in proof["facts"].items():
        pairs[f"fact `{key[:40]}`"] = (fact, value["facts"].get(key))
    wrong = [name for name, (said, meant) in pairs.items() if said != meant]
    return f"does not say what the entry says: {', '.join(wrong[:4])}" if wrong else ""


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(_MOST_LINE):
            yield line
