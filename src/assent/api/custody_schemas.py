"""Receipts, how the log stands, and what became of its key, as the API returns it."""

from base64 import b64encode
from typing import Literal

from pydantic import BaseModel

from assent.api.bodies import Body, Line, Prose
from assent.api.risk_schemas import Instant
from assent.api.schemas import RequestOut
from assent.control.log_status import LogReport
from assent.control.receipts import LogReceipt
from assent.core.clock import isoformat


class ReceiptOut(BaseModel):
    """The proof that the log holds an entry.

    proof: a C2SP tlog-proof. leaf: base64 of the bytes that it proves. witnesses: who cosigned
    the checkpoint in it.
    """

    entry: str
    kind: str
    index: int
    size: int
    proof: str
    leaf: str
    witnesses: list[str]


class ReceiptsOut(BaseModel):
    """Receipts, in the order of the log. keys: the log's public ones, the oldest first."""

    receipts: list[ReceiptOut]
    keys: list[str]


class ObserverOut(BaseModel):
    """Somebody outside who sees the log. at: of what they saw last, null for nothing yet."""

    name: str
    kind: str
    size: int | None
    at: Instant | None
    problem: str
    disputed: bool


class AnchorOut(BaseModel):
    """A checkpoint that is kept outside. reference: where it can be found."""

    name: str
    kind: str
    size: int
    at: Instant
    reference: str


class LogCheckOut(BaseModel):
    """One thing that was looked at, and what to do about it."""

    name: str
    how: Literal["ok", "warn", "fail"]
    says: str
    to_do: str


class LogStatusOut(BaseModel):
    """How the log stands. size, signed_at: of the newest checkpoint, null for none yet.

    minimum: the first entry that is not pruned. holds: legal holds that stand.
    """

    at: Instant
    keys: list[str]
    size: int | None
    signed_at: Instant | None
    checkpoint: str | None
    minimum: int
    holds: int
    observers: list[ObserverOut]
    checks: list[LogCheckOut]
    anchors: list[AnchorOut]


class RotateBody(Body):
    """Why the key of the log is to be replaced."""

    reason: Prose = ""
    ticket: Line = ""


class RotatedOut(BaseModel):
    """What came of it. old, new: public keys, empty where people must assent first.

    size: of the checkpoint that both keys signed.
    """

    state: Literal["done", "waiting"]
    old: str
    new: str
    size: int | None
    request: RequestOut | None


def receipt_out(receipt: LogReceipt) -> ReceiptOut:
    """Return a receipt as the API shows it."""
    return ReceiptOut(
        entry=receipt.entry,
        kind=receipt.kind,
        index=receipt.index,
        size=receipt.size,
        proof=receipt.proof,
        leaf=b64encode(receipt.leaf).decode("ascii"),
        witnesses=list(receipt.witnesses),
    )


def log_status_out(report: LogReport) -> LogStatusOut:
    """Return how the log stands as the API shows it."""
    checkpoint = report.checkpoint
    return LogStatusOut.model_validate(
        {
            "at": isoformat(report.at),
            "keys": list(report.keys),
            "size": checkpoint.size if checkpoint else None,
            "signed_at": isoformat(checkpoint.at) if checkpoint else None,
            "checkpoint": checkpoint.note if checkpoint else None,
            "minimum": report.minimum,
            "holds": report.holds,
            "observers": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "size": one.size,
                    "at": isoformat(one.at) if one.at else None,
                    "problem": one.problem,
                    "disputed": one.disputed,
                }
                for one in report.observers
            ],
            "checks": [
                {"name": one.name, "how": one.how.value, "says": one.says, "to_do": one.to_do}
                for one in report.checks
            ],
            "anchors": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "size": one.size,
                    "at": isoformat(one.at),
                    "reference": one.reference,
                }
                for one in report.anchors
            ],
        }
    )
