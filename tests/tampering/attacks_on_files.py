"""Attacks by somebody who holds the files of an export, or the disk, but no key."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable

from tampering.forging import (
    DISK,
    KEPT,
    KEY,
    NEXT_DAY,
    RECEIPT,
    WITNESSED,
    Act,
    Attack,
    Forged,
    bundled,
    payload_line,
    unbundled,
)
from unit.assent_verify.exports import SigningKey, a_leaf, canonical, leaf_hashes

_BUNDLE = "tile/entries/"
_AT = 3
_STRANGER = SigningKey("witness.example/stranger", 99, 4)


def _in_bundle(change: "Bundled") -> Act:
    def act(log: Forged) -> None:
        name = log.file(_BUNDLE)
        log.files[name] = bundled(change(unbundled(log.files[name])))

    return act


Bundled = Callable[[list[bytes]], list[bytes]]


def _edited(leaves: list[bytes]) -> list[bytes]:
    said = json.loads(leaves[_AT]) | {"subject": "sub_somebody_else"}
    return [*leaves[:_AT], canonical(said), *leaves[_AT + 1 :]]


def _edited_with_its_hash(log: Forged) -> None:
    _in_bundle(_edited)(log)
    name = log.file("tile/0/")
    leaf = unbundled(log.files[log.file(_BUNDLE)])[_AT]
    at, tile = 32 * _AT, log.files[name]
    log.files[name] = tile[:at] + leaf_hashes([leaf])[0] + tile[at + 32 :]


def _edited_with_all_tiles(log: Forged) -> None:
    log.leaves[_AT] = _edited(log.leaves)[_AT]
    log.lay()


def _edited_with_the_root(log: Forged) -> None:
    log.leaves[_AT] = _edited(log.leaves)[_AT]
    old = log.files["checkpoint"].decode().split("\n")
    new = log.note(log.leaves, log.size).decode().split("\n")
    log.lay()
    log.set_newest("\n".join([*old[:2], new[2], *old[3:]]).encode())


def _rewritten_after_deleting(log: Forged) -> None:
    log.delete(_AT)
    log.lay()


def _cut(log: Forged) -> None:
    log.cut(log.earlier)


def _cut_but_one_note(log: Forged) -> None:
    name = f"checkpoints/{log.size}"
    note = log.files[name]
    _cut(log)
    log.files[name] = note


def _older_note_shown(log: Forged) -> None:
    log.files["checkpoint"] = log.files[f"checkpoints/{log.sizes[-2]}"]


def _another_size(log: Forged) -> None:
    old = log.files["checkpoint"].decode()
    log.files["checkpoint"] = old.replace(f"\n{log.size}\n", f"\n{log.size - 1}\n", 1).encode()


def _signed_by_a_stranger(log: Forged) -> None:
    key = SigningKey(log.key.name, 98)
    log.sign(keys=[key])
    log.files["key"] = f"{key.text}\n".encode()


def _flipped(start: str, at: int) -> Act:
    def act(log: Forged) -> None:
        name = log.file(start)
        data = log.files[name]
        log.files[name] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return act


def _without(start: str) -> Act:
    def act(log: Forged) -> None:
        del log.files[log.file(start)]

    return act


def _with(name: str, content: bytes) -> Act:
    def act(log: Forged) -> None:
        log.files[name] = content

    return act


def _bundle_twice(log: Forged) -> None:
    first, second = log.file(_BUNDLE, 0), log.file(_BUNDLE, 1)
    width = len(unbundled(log.files[second]))
    log.files[second] = bundled(unbundled(log.files[first])[:width])


def _short_tile(log: Forged) -> None:
    name = log.file("tile/0/")
    log.files[name] = log.files[name][:-1]


# Payloads


def _payloads(log: Forged, change: dict[int, bytes | None]) -> None:
    log.payloads = {
        at: stored
        for at, old in log.payloads.items()
        if (stored := change.get(at, old)) is not None
    }
    log.lay()


def _two(log: Forged) -> tuple[int, int]:
    """Return two entries with payloads that can be opened."""
    able = (at for at, data in log.payloads.items() if _key_of(data) in log.secrets)
    return next(able), next(able)


def _key_of(stored: bytes) -> str:
    return stored[2 : 2 + stored[1]].decode()


def _of_another(log: Forged) -> None:
    one, other = _two(log)
    _payloads(log, {one: log.payloads[other]})


def _written_anew(log: Forged) -> None:
    one, _ = _two(log)
    leaf = log.leaves[one]
    log.rewrite(one, {"text": "select 1"})
    log.leaves[one] = leaf
    log.lay()


def _payload_cut(log: Forged) -> None:
    one, _ = _two(log)
    _payloads(log, {one: log.payloads[one][:-1]})


def _payload_gone(log: Forged) -> None:
    _payloads(log, {_two(log)[0]: None})


def _index_twice(log: Forged) -> None:
    one, _ = _two(log)
    name = log.file("payload/")
    line = payload_line(one, log.payloads[one])
    log.files[name] = log.files[name].replace(line, line + line)


def _key_gone(log: Forged) -> None:
    log.files["keys.jsonl"] = b"".join(log.files["keys.jsonl"].splitlines(keepends=True)[1:])


def _keys_exchanged(log: Forged) -> None:
    log.files["keys.jsonl"] = b"".join(
        canonical({"key": name, "secret": b64encode(bytes(32)).decode()}) + b"\n"
        for name in sorted(log.secrets)
    )


# What others saw


def _lines(log: Forged) -> tuple[str, list[str]]:
    text, _, signatures = log.files["checkpoint"].decode().partition("\n\n")
    return f"{text}\n\n", signatures.splitlines(keepends=True)


def _cosignature_dropped(log: Forged) -> None:
    text, lines = _lines(log)
    log.set_newest("".join([text, lines[0]]).encode())


def _cosignature_of_a_stranger(log: Forged) -> None:
    text, lines = _lines(log)
    log.set_newest("".join([text, lines[0], _STRANGER.line(text[:-1])]).encode())


def _cosignature_at_another_time(log: Forged) -> None:
    text, lines = _lines(log)
    name, _, data = lines[1].removesuffix("\n").rpartition(" ")
    signed = bytearray(b64decode(data))
    signed[11] ^= 1
    log.set_newest("".join([text, lines[0], f"{name} {b64encode(signed).decode()}\n"]).encode())


def _cosignature_of_an_older_one(log: Forged) -> None:
    text, lines = _lines(log)
    older = [
        name for size in log.sizes[:-1] if b"witness" in log.files[name := f"checkpoints/{size}"]
    ]
    theirs = log.files[older[-1]].decode().splitlines(keepends=True)[-1]
    log.set_newest("".join([text, lines[0], theirs]).encode())


def _anchor_changed(log: Forged) -> None:
    name = log.file("anchor/", -1)
    log.files[name] = log.files[name].replace(b"/audit\n", b"/audit\n1", 1)


def _anchor_of_another(log: Forged) -> None:
    """An anchor holds the checkpoint of another history, signed by the same key."""
    name = log.file("anchor/", -1)
    size = int(name.split("/")[1])
    log.files[name] = log.note([*log.leaves[:_AT], a_leaf(9_999), *log.leaves[_AT + 1 :]], size)


def _evidence(log: Forged) -> None:
    size = log.sizes[-2]
    other = log.note([a_leaf(9_999), *log.leaves[1:]], size)
    log.files["evidence/fork-1"] = log.files[f"checkpoints/{size}"] + b"\n" + other


ROWS = (
    Attack("edit an entry", DISK, KEY, 2, 1, "entry 3", _in_bundle(_edited)),
    Attack("edit an entry and its hash", DISK, KEY, 2, 1, "", _edited_with_its_hash),
    Attack("edit an entry and write all tiles anew", DISK, KEY, 2, 1, "", _edited_with_all_tiles),
    Attack(
        "edit an entry, write the tiles anew and the new root into the checkpoint",
        DISK, KEY, 1, 1, "does not fit", _edited_with_the_root,
    ),
    Attack(
        "delete an entry", DISK, KEY, 2, 1, "",
        _in_bundle(lambda leaves: [*leaves[:_AT], *leaves[_AT + 1 :]]),
    ),
    Attack(
        "delete an entry and write all tiles anew",
        DISK, KEY, 2, 2, "is missing", _rewritten_after_deleting,
    ),
    Attack(
        "insert an entry", DISK, KEY, 2, 1, "",
        _in_bundle(lambda leaves: [*leaves[:_AT], a_leaf(9_999), *leaves[_AT:]]),
    ),
    Attack(
        "insert an entry in place of the last one", DISK, KEY, 2, 1, "",
        _in_bundle(lambda leaves: [*leaves[:_AT], a_leaf(9_999), *leaves[_AT:-1]]),
    ),
    Attack(
        "reorder two entries", DISK, KEY, 2, 1, "",
        _in_bundle(lambda all: [*all[:_AT], all[_AT + 1], all[_AT], *all[_AT + 2 :]]),
    ),
    Attack("show one bundle in place of another, too", DISK, KEY, 2, 1, "", _bundle_twice),
    Attack("flip a bit of a bundle", DISK, KEY, 2, 1, "", _flipped(_BUNDLE, 40)),
    Attack("flip a bit of a tile", DISK, KEY, 2, 1, "", _flipped("tile/0/", 40)),
    Attack("cut a tile short", DISK, KEY, 2, 1, "", _short_tile),
    Attack("take out a tile", DISK, KEY, 2, 2, "is missing", _without("tile/0/")),
    Attack("take out a bundle", DISK, KEY, 2, 2, "is missing", _without(_BUNDLE)),
    Attack(
        "put a file beside the log", DISK, KEY, 2, 2, "is not part of the export",
        _with("tile/0/900", b"x" * 32),
    ),
    Attack(
        "say that entries were pruned, and take them out", DISK, KEY, 2, 2, "not at all",
        lambda log: (_with("minimum", b"256\n")(log), _without(_BUNDLE)(log))[0],
    ),
    Attack("cut off the end", DISK, KEPT, 3, 1, "", _cut),
    Attack("cut off the end", DISK, RECEIPT, 3, 1, "", _cut, anywhere=False),
    Attack("cut off the end, and show it a day later", DISK, NEXT_DAY, 8, 3, "", _cut),
    Attack("cut off the end, and forget a checkpoint", DISK, KEY, 3, 1, "", _cut_but_one_note),
    Attack("replay an old checkpoint", DISK, KEY, 3, 1, "", _older_note_shown),
    Attack(
        "write another size into the checkpoint", DISK, KEY, 1, 1, "does not fit", _another_size
    ),
    Attack("take out the newest checkpoint", DISK, KEY, 1, 2, "is missing", _without("checkpoint")),
    Attack("take out the log's key", DISK, KEY, 1, 2, "`key` is missing", _without("key")),
    Attack("sign the log with another key", DISK, KEY, 1, 4, "", _signed_by_a_stranger),
    Attack("exchange a payload for another one of the log", DISK, KEY, 6, 1, "", _of_another),
    Attack("write a payload anew", DISK, KEY, 6, 1, "", _written_anew),
    Attack("cut a payload short", DISK, KEY, 6, 1, "", _payload_cut),
    Attack("take out a payload", DISK, KEY, 6, 2, "no entry says that it was", _payload_gone),
    Attack("give a payload twice", DISK, KEY, 6, 1, "", _index_twice),
    Attack("hold back a data key", DISK, KEY, 6, 2, "is not among the keys", _key_gone),
    Attack("give other data keys", DISK, KEY, 6, 1, "does not open it", _keys_exchanged),
    Attack("drop the witness's signature", DISK, WITNESSED, 7, 2, "", _cosignature_dropped),
    Attack(
        "put the signature of an unknown witness in its place",
        DISK, WITNESSED, 7, 2, "", _cosignature_of_a_stranger,
    ),
    Attack(
        "change the time that a witness signed",
        DISK, WITNESSED, 7, 1, "does not fit", _cosignature_at_another_time,
    ),
    Attack(
        "put a witness's signature of an older checkpoint below a new one",
        DISK, WITNESSED, 7, 1, "does not fit", _cosignature_of_an_older_one,
    ),
    Attack("change what an anchor kept", DISK, KEY, 13, 1, "", _anchor_changed),
    Attack(
        "anchor another history", "the operator, with the log's key", KEY, 13, 1,
        "is another checkpoint than", _anchor_of_another,
    ),
    Attack(
        "sign two checkpoints of one size, and be seen by a witness",
        "the operator, with the log's key", KEY, 3, 1, "", _evidence,
    ),
)  # fmt: skip
