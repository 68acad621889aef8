"""Signed approvals as entries of a log, made the way the server makes them."""

from collections.abc import Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.audit.approval_signatures import approval_message, digest_of, encoded
from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from assent.core.ids import SubjectId
from unit.audit.audit_builders import an_entry

BEN, DORA = "sub_ben", "sub_dora"


def a_key(seed: int = 1) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(key: Ed25519PrivateKey) -> str:
    return encoded(key.public_key().public_bytes_raw())


def of(entry: Entry, subject: str) -> Entry:
    return replace(entry, subject=SubjectId(subject))


def enrolled(number: int, key: str = "key_1", seed: int = 1, owner: str = BEN) -> Entry:
    facts = {"key": key, "kind": "ed25519", "public_key": public(a_key(seed))}
    return of(an_entry(number, EntryKind.DEVICE_ENROLLED, facts), owner)


def revoked(number: int, key: str = "key_1", owner: str = BEN) -> Entry:
    return of(an_entry(number, EntryKind.DEVICE_REVOKED, {"key": key, "holder": owner}), owner)


def a_document(text: str = "delete from orders") -> dict[str, Json]:
    bound: dict[str, Json] = {
        "details": {},
        "parameters": ["1", None],
        "salt": "salt",
        "session": "ses_one",
        "subject": "sub_ana",
        "target": "tgt_shop",
        "text": text,
        "verb": "sql.delete",
    }
    return {
        "action": {"bound": bound, "digest": digest_of(bound)},
        "evidence": {"score": 62, "factors": [[62, "every row of orders"]]},
        "request": "req_one",
        "terms": {"demands": ["assent of 1 of dba, signed"]},
        "version": 1,
    }


def approved(
    number: int,
    key: str = "key_1",
    seed: int = 1,
    by: str = BEN,
    *,
    document: Mapping[str, Json] | None = None,
    verdict: str = "approve",
    facts: Mapping[str, Json] | None = None,
) -> Entry:
    document = document or a_document()
    action = document["action"]
    assert isinstance(action, Mapping)
    digest, shown = str(action["digest"]), digest_of(document)
    message = approval_message(verdict, "req_one", digest, shown)
    said: dict[str, Json] = {
        "action": "act_1",
        "approval": f"apr_{number}",
        "digest": digest,
        "key": key,
        "key_kind": "ed25519",
        "shown": shown,
        "signature": encoded(a_key(seed).sign(message)),
        "verdict": verdict,
    }
    entry = an_entry(number, EntryKind.APPROVAL, {**said, **(facts or {})}, {"shown": document})
    return of(entry, by)
