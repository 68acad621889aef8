"""Attacks by an operator who has the log's key and signs everything anew."""

import json

from tampering.forging import (
    KEPT,
    KEY,
    NEXT_DAY,
    OPERATOR,
    RECEIPT,
    WITNESSED,
    Act,
    Attack,
    Forged,
    later,
)
from unit.assent_verify.exports import SigningKey, a_leaf, a_note

_AT = 3


def _rewritten(log: Forged) -> None:
    log.change(_AT, subject="sub_somebody_else")
    log.sign()


def _rewritten_below_an_anchor(log: Forged) -> None:
    anchors = {name: note for name, note in log.files.items() if name.startswith("anchor/")}
    _rewritten(log)
    log.files |= anchors


def _forked(log: Forged) -> None:
    """Sign another history that has exactly the size of the checkpoint that a reader kept."""
    log.cut(log.kept[0])
    log.change(log.size - 1, subject="sub_somebody_else")
    log.sign()


def _rolled_back(log: Forged) -> None:
    """Restore a backup from before what was kept, and go on from there."""
    log.cut(log.earlier)
    ahead = log.kept[0] - log.size + 5
    for number in range(ahead):
        at = later(log.ended_at, number / 1000)
        log.insert(log.size, {**_one(number), "at": at})
    log.sign()


def _one(number: int) -> dict[str, object]:
    leaf: dict[str, object] = json.loads(a_leaf(100_000 + number))
    return leaf


def _deleted(log: Forged) -> None:
    log.delete(_AT)
    log.sign()


def _signed(change: Act) -> Act:
    def act(log: Forged) -> None:
        change(log)
        log.sign()

    return act


def _of_another_origin(log: Forged) -> None:
    log.set_newest(a_note(log.leaves, None, [log.key], origin="other.example/audit").encode())


def _size_beside_root(log: Forged) -> None:
    """Sign the right root beside a size that is one too small."""
    text = log.files["checkpoint"].decode().partition("\n\n")[0] + "\n"
    text = text.replace(f"\n{log.size}\n", f"\n{log.size - 1}\n", 1)
    del log.files[f"checkpoints/{log.size}"]
    log.set_newest(f"{text}\n{log.key.line(text)}".encode())


def _size_beside_root_and_tiles(log: Forged) -> None:
    _size_beside_root(log)
    log.delete(log.size - 1)
    log.lay()


def _two_roots(log: Forged) -> None:
    """Sign another root than the tree has, beside the right size."""
    log.set_newest(log.note([a_leaf(9_999), *log.leaves[1:]], log.size))


def _moved_s(seconds: float) -> Act:
    def act(log: Forged) -> None:
        log.change(log.size // 2, at=later(log.ended_at, seconds))

    return act


def _bytes(old: bytes, new: bytes) -> Act:
    def act(log: Forged) -> None:
        assert old in log.leaves[_AT]
        log.leaves[_AT] = log.leaves[_AT].replace(old, new, 1)

    return act


def _with_an_id_twice(log: Forged) -> None:
    log.change(_AT, id=log.leaf(_AT - 1)["id"])


def _twice(log: Forged) -> None:
    log.insert(_AT, log.leaf(_AT))
    if _AT + 1 in log.payloads:
        log.payloads[_AT] = log.payloads[_AT + 1]


def _payload_let_go(log: Forged) -> None:
    """Take out a payload without saying in the log that it was redacted."""
    able = [at for at in log.payloads if log.payloads[at][0] == 1]
    del log.payloads[able[0]]
    log.lay()


def _rotated_without_the_old_key(log: Forged) -> None:
    """Somebody else names their own key as the next one, and signs with it alone."""
    other = SigningKey(log.key.name, 98)
    older = {name: note for name, note in log.files.items() if name.startswith("checkpoints/")}
    del older[f"checkpoints/{log.size}"]
    facts = {"from": log.key.text, "to": other.text}
    log.insert(log.size, {**_one(1), "kind": "key.rotated", "facts": facts,
                          "at": later(log.ended_at, 1)})  # fmt: skip
    log.sign(keys=[other])
    log.files |= older
    log.files["key"] = f"{log.key.text}\n{other.text}\n".encode()


def _signed_with_the_replaced_key(log: Forged) -> None:
    """Rotate the key, and go on signing with the old one, that was stolen."""
    other = SigningKey(log.key.name, 98)
    facts = {"from": log.key.text, "to": other.text}
    for number in range(3):
        kind = {} if number else {"kind": "key.rotated", "facts": facts}
        log.insert(log.size, {**_one(number), **kind, "at": later(log.ended_at, number)})
    log.sign()
    both = a_note(log.leaves, log.size - 2, [log.key, other], origin=log.key.name)
    log.files[f"checkpoints/{log.size - 2}"] = both.encode()
    log.files["key"] = f"{log.key.text}\n{other.text}\n".encode()


def _rotation_of_nothing(log: Forged) -> None:
    log.change(_AT, kind="key.rotated", facts={"from": log.key.text, "to": "no key"})


def _pruned_deeper(log: Forged) -> None:
    """Prune deeper than the log says."""
    facts = {"minimum": 100}
    log.insert(log.size, {**_one(1), "kind": "log.pruned", "facts": facts,
                          "at": later(log.ended_at, 1)})  # fmt: skip
    log.sign()
    del log.files[log.file("tile/entries/")], log.files[log.file("payload/")]
    log.files["minimum"] = b"256\n"


ROWS = (
    Attack(
        "rewrite everything before anybody outside saw it", OPERATOR, KEY, 0, 0, "", _rewritten
    ),
    Attack("rewrite an entry and everything behind it", OPERATOR, KEPT, 3, 1, "", _rewritten),
    Attack(
        "rewrite an entry and everything behind it", OPERATOR, RECEIPT, 3, 1, "", _rewritten,
        anywhere=False,
    ),
    Attack("rewrite an entry and everything behind it", OPERATOR, WITNESSED, 7, 2, "", _rewritten),
    Attack(
        "rewrite an entry and everything behind it, and show it a day later",
        OPERATOR, NEXT_DAY, 8, 2, "nobody outside", _rewritten,
    ),
    Attack(
        "rewrite after an anchor, before a witness",
        OPERATOR, KEY, 13, 1, "is another checkpoint than", _rewritten_below_an_anchor,
    ),
    Attack("delete an entry and sign the rest", OPERATOR, KEPT, 3, 1, "", _deleted),
    Attack("fork: sign two histories of one size", OPERATOR, KEPT, 3, 1, "", _forked),
    Attack("fork: sign two histories of one size", OPERATOR, WITNESSED, 7, 2, "", _forked),
    Attack("restore a backup and go on from it", OPERATOR, KEPT, 3, 1, "", _rolled_back),
    Attack(
        "restore a backup and go on from it", OPERATOR, RECEIPT, 3, 1, "", _rolled_back,
        anywhere=False,
    ),
    Attack("restore a backup and go on from it", OPERATOR, WITNESSED, 7, 2, "", _rolled_back),
    Attack(
        "sign for another origin", OPERATOR, KEY, 1, 1, "which did not sign it", _of_another_origin
    ),
    Attack(
        "sign a right root beside a wrong size",
        OPERATOR, KEY, 2, 2, "is missing", _size_beside_root,
    ),
    Attack(
        "sign a right root beside a wrong size, and cut the tiles to it",
        OPERATOR, KEY, 2, 1, "", _size_beside_root_and_tiles,
    ),
    Attack("sign another root than the tree has", OPERATOR, KEY, 2, 1, "", _two_roots),
    Attack(
        "set the clock back by an hour", OPERATOR, KEY, 5, 2, "older", _signed(_moved_s(-3600))
    ),
    Attack(
        "set the clock forward by a day, and back again",
        OPERATOR, KEY, 5, 2, "older", _signed(_moved_s(86_400)),
    ),
    Attack(
        "write a leaf with a space in it", OPERATOR, KEY, 4, 1, "", _signed(_bytes(b",", b", "))
    ),
    Attack(
        "write a key twice in a leaf", OPERATOR, KEY, 4, 1, "",
        _signed(_bytes(b'"version":1', b'"version":1,"version":1')),
    ),
    Attack(
        "write a leaf of a version that nobody knows", OPERATOR, KEY, 4, 1, "",
        _signed(_bytes(b'"version":1', b'"version":2')),
    ),
    Attack(
        "write a leaf with a key that nobody knows", OPERATOR, KEY, 4, 1, "",
        _signed(_bytes(b'"version":1', b'"version":1,"x":1')),
    ),
    Attack("use an id twice", OPERATOR, KEY, 4, 1, "has the id of", _signed(_with_an_id_twice)),
    Attack("write an entry twice", OPERATOR, KEY, 4, 1, "has the id of", _signed(_twice)),
    Attack(
        "let go of a payload without a word", OPERATOR, KEY, 6, 2, "no entry says that it was",
        _payload_let_go,
    ),
    Attack(
        "name another key as the next one, and sign with it alone",
        "somebody without the log's key", KEY, 1, 4, "", _rotated_without_the_old_key,
    ),
    Attack(
        "sign with a key that was replaced",
        "who stole the log's old key", KEY, 1, 1, "had replaced", _signed_with_the_replaced_key,
    ),
    Attack(
        "rotate to a key that is none", OPERATOR, KEY, 1, 1, "rotates the log's key",
        _signed(_rotation_of_nothing),
    ),
    Attack("prune deeper than the log says", OPERATOR, KEY, 2, 2, "only up to", _pruned_deeper),
)  # fmt: skip
