"""Small logs and exports, made the way the server makes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from assent.audit.checkpoint import format_checkpoint
from assent.audit.entry import Seal, encode
from assent.audit.export import export_files
from assent.audit.note import Signer
from assent.audit.tree import leaf_hash, root_of
from assent.core.canonical import Json
from assent.core.entry import Checkpoint, Entry, EntryKind
from assent.core.ids import EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.core.ports import StoredEntry
from assent.core.secret import Secret
from assent_verify.notes import parse_key
from assent_verify.policy import of_keys
from assent_verify.report import Report
from assent_verify.verification import Asked
from assent_verify.verification import verify as prove
from unit.assent_verify.exports import InMemory

ORIGIN = "gateway.example/audit"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_signer(name: str = ORIGIN, seed: int = 7) -> Signer:
    return Signer(name, Secret(bytes([seed]) * 32))


def an_entry(
    number: int = 0,
    kind: EntryKind = EntryKind.LOGIN,
    facts: Mapping[str, Json] | None = None,
    payload: Mapping[str, Json] | None = None,
    *,
    at: datetime | None = None,
    in_session: bool = True,
) -> Entry:
    return Entry(
        id=EntryId(f"ent_{number:026d}"),
        kind=kind,
        at=at or NOON + timedelta(milliseconds=number),
        subject=SubjectId("sub_ana"),
        target=TargetId("tgt_shop"),
        session=SessionId("ses_one") if in_session else None,
        request=RequestId("req_one"),
        facts=facts or {},
        payload=payload,
    )


def story(count: int, start: int = 0) -> list[Entry]:
    """Return entries of whole actions: attempt, decision, result; the third is padding."""
    kinds = (EntryKind.ATTEMPT, EntryKind.DECISION, EntryKind.RESULT)
    entries: list[Entry] = []
    for number in range(start, start + count):
        kind = kinds[number % 3] if count - number + start > 2 - number % 3 else EntryKind.LOGIN
        facts: dict[str, Json] = {"action": f"act_{number // 3:026d}"}
        if kind is EntryKind.DECISION:
            facts |= {"outcome": "permit", "phase": "execute", "reuse": False}
        payload = {"text": f"select {number}"} if kind is EntryKind.ATTEMPT else None
        entries.append(an_entry(number, kind, facts, payload))
    return entries


def salted(salt: str) -> Seal:
    """Return what writes payloads of the older form."""

    def seal(entry: Entry, content: bytes) -> bytes:
        return b'{"content":' + content + b',"salt":"' + salt.encode() + b'"}'

    return seal


def stored(entries: Sequence[Entry]) -> list[StoredEntry]:
    return [
        StoredEntry(index, *encode(entry, salted(f"salt-{index}")))
        for index, entry in enumerate(entries)
    ]


def checkpoint_of(log: Sequence[StoredEntry], size: int, signer: Signer) -> Checkpoint:
    root = root_of([leaf_hash(item.leaf) for item in log[:size]])
    note = signer.sign(format_checkpoint(signer.name, size, root))
    return Checkpoint(size, root, note, NOON)


def an_export(
    entries: Sequence[Entry], sizes: Sequence[int] = (), signer: Signer | None = None
) -> dict[str, bytes]:
    """Return path → bytes of an export over all `entries`, with checkpoints of `sizes` too."""
    signer = signer or a_signer()
    log = stored(entries)
    checkpoints = [checkpoint_of(log, size, signer) for size in {*sizes, len(log)}]
    return dict(export_files(log, checkpoints, signer.verifier_key))


KEY = a_signer().verifier_key


def verify(files: dict[str, bytes], *kept: str, keys: tuple[str, ...] = (KEY,)) -> Report:
    """Return what the verifier says of an export, with the notes that its reader kept."""
    policy = of_keys([parse_key(key) for key in keys])
    notes = [(f"kept checkpoint {number}", note) for number, note in enumerate(kept, 1)]
    return prove(InMemory(files), Asked(policy=policy, at=NOON, kept=notes))
