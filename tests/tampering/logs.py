"""The two logs that are attacked: one of a real gateway, and one that is made up and longer."""

from tampering.forging import Forged
from tampering.real_run import ORIGIN, SEED, RealRun
from unit.assent_verify.exports import (
    KEY,
    NOON,
    WITNESS,
    a_leaf,
    a_note,
    an_export,
    canonical,
    digest,
    sealed,
)
from unit.assent_verify.exports import SigningKey as Key

_SIZE, _KEPT = 600, 400
_SIZES = (1, 100, 300, _KEPT, 550)
_NAME, _SECRET = "dek_one", bytes(range(32))


def real_log(run: RealRun) -> Forged:
    """Return the export of a real run."""
    note = run.kept.read_text(encoding="utf-8")
    return Forged(
        files={
            path.relative_to(run.export).as_posix(): path.read_bytes()
            for path in run.export.rglob("*")
            if path.is_file()
        },
        key=Key(ORIGIN, SEED),
        witness=run.witness,
        kept=(int(note.split("\n")[1]), note),
        receipts={
            path.name: path.read_bytes()
            for receipt in run.receipts
            for path in (receipt, receipt.with_suffix(".leaf"))
        },
    )


def made_up_log() -> Forged:
    """Return a log of three bundles, with payloads, that a witness cosigned and an anchor kept."""
    payloads = {
        number: sealed({"text": f"select {number}"}, f"ent_{number:026d}", _NAME, _SECRET)
        for number in range(0, _SIZE, 7)
    }
    leaves = [
        a_leaf(number, payload=digest(payloads[number]) if number in payloads else None)
        for number in range(_SIZE)
    ]
    files = an_export(leaves, _SIZES, payloads)
    for size in (*_SIZES, _SIZE):
        files[f"checkpoints/{size}"] = a_note(leaves, size, [KEY, WITNESS], NOON).encode()
    files["checkpoint"] = files[f"checkpoints/{_SIZE}"]
    files["anchor/300/disk"] = a_note(leaves, 300).encode()
    files["anchor/550/disk"] = a_note(leaves, 550).encode()
    secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    files["keys.jsonl"] = canonical({"key": _NAME, "secret": secret}) + b"\n"
    return Forged(files=files, key=KEY, witness=WITNESS.text, kept=(_KEPT, a_note(leaves, _KEPT)))
