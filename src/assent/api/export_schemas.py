"""How systems outside stand that the log is told to, and bundles, as the API returns them."""

from pydantic import AwareDatetime, BaseModel, JsonValue

from assent.api.bodies import Body
from assent.api.risk_schemas import Instant
from assent.control.exporting import Standing
from assent.core.clock import isoformat


class ExporterOut(BaseModel):
    """One of them. position: the index of the next entry. behind: entries it was not told of.

    sent, refused: events since the start; refused: those that it said that it never takes.
    passed_over: entries that could not be read. last_error: empty while all is well.
    """

    name: str
    kind: str
    position: int
    behind: int
    sent: int
    refused: int
    passed_over: int
    last_error: str
    last_error_at: Instant | None
    last_sent_at: Instant | None


class ExportersOut(BaseModel):
    """All that the configuration names, in its order."""

    items: list[ExporterOut]


def exporter_out(one: Standing) -> ExporterOut:
    """Return how one stands."""
    return ExporterOut(
        name=one.name,
        kind=one.kind,
        position=one.position,
        behind=one.behind,
        sent=one.sent,
        refused=one.refused,
        passed_over=one.passed_over,
        last_error=one.last_error,
        last_error_at=isoformat(one.last_error_at) if one.last_error_at else None,
        last_sent_at=isoformat(one.last_sent_at) if one.last_sent_at else None,
    )


class BundleBody(Body):
    """The period, and whether what people wrote is said too, as far as it was not erased."""

    since: AwareDatetime
    until: AwareDatetime
    text: bool = False


class BundleOut(BaseModel):
    """A bundle that was begun: entries from `first` on, before `end`.

    checkpoint: the note that all proofs lead to, of `size` entries. keys: the log's public ones.
    """

    first: int
    end: int
    size: int
    checkpoint: str
    keys: list[str]


class BundleRowOut(BaseModel):
    """One entry: base64 of its leaf and of the hashes of its audit path, and its OCSF event."""

    index: int
    leaf: str
    hashes: list[str]
    event: dict[str, JsonValue]


class BundleRowsOut(BaseModel):
    """Rows, by index; none at the end of the bundle."""

    rows: list[BundleRowOut]
