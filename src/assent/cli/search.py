"""`assent search`: who did what to what, among all that was ever done."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.core.when import parse_when

_PAGE = 500
_MOST = 100_000
_SOME = 100


def search(
    *,
    verb: Annotated[
        str | None, Parameter(help="What was done: `sql.delete`, `ssh.execute`, or `sql.*`.")
    ] = None,
    table: Annotated[
        str | None,
        Parameter(
            name=("--table", "--resource"),
            help="To what: `public.orders`, a file, a route, a tool.",
        ),
    ] = None,
    by: Annotated[str | None, Parameter(help="Who did it, by name.")] = None,
    target: Annotated[str | None, Parameter(help="On which target, by name.")] = None,
    session: Annotated[str | None, Parameter(help="In which session, by id.")] = None,
    outcome: Annotated[
        Literal["permitted", "denied", "held"] | None, Parameter(help="What was answered.")
    ] = None,
    rows_over: Annotated[int | None, Parameter(help="More rows than that.")] = None,
    text: Annotated[
        str | None, Parameter(help="Words of the statement, where policy lets them be searched.")
    ] = None,
    since: Annotated[
        str | None, Parameter(help="From when on: `march`, `2026-03`, `yesterday`, `7d`.")
    ] = None,
    until: Annotated[str | None, Parameter(help="Before when, in the same words.")] = None,
    limit: Annotated[int, Parameter(help="At most so many, the newest ones.")] = _SOME,
    everything: Annotated[
        bool, Parameter(name="--all", negative=(), help="What the gateway's own canary did, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find what was done, or attempted, by its effect; the newest first.

    You find what you did; who oversees finds what everybody did, and the log says that they looked.
    """
    if not 1 <= limit <= _MOST or (rows_over is not None and rows_over < 0):
        words = f"`--limit` is 1 to {_MOST}, and `--rows-over` is not negative"
        raise CommandFault(ExitCode.USAGE, "bad-number", words)
    asked = {
        "verb": verb,
        "resource": table,
        "by": by,
        "target": target,
        "session": session,
        "outcome": outcome,
        "rows_over": None if rows_over is None else str(rows_over),
        "text": text,
        "since": instant_text(since, output.now()),
        "until": instant_text(until, output.now()),
        "all": "true" if everything else None,
    }
    found, last = _collected(asked, limit)
    if as_json:
        output.show_json({**last, "items": found})
        return
    _show(found, last, is_narrow=any(value is not None for value in asked.values()))


def instant_text(words: str | None, now: datetime) -> str | None:
    """Return the moment that somebody wrote, in RFC 3339; in the reader's zone if it names none.

    Raises CommandFault.
    """
    if words is None:
        return None
    try:
        at = parse_when(words, now.astimezone().replace(tzinfo=None))
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise CommandFault(ExitCode.USAGE, "bad-instant", str(error)) from None


def _collected(
    asked: Mapping[str, str | None], limit: int
) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """Return what was found, page after page, and the last page."""
    client = signed_in()
    found: list[Mapping[str, Any]] = []
    before: str | None = None
    while True:
        size = str(min(_PAGE, limit - len(found)))
        page = client.get("/v1/search", **asked, before=before, limit=size)
        found += page["items"]
        before = page["next"]
        if before is None or len(found) >= limit:
            output.live("")
            return found, page
        at = datetime.fromtimestamp(int(before.split("-")[0]) / 1_000_000, UTC)
        output.live(f"{len(found)} found, looked back to {in_words(at.isoformat(), output.now())}")


def _show(found: list[Mapping[str, Any]], last: Mapping[str, Any], *, is_narrow: bool) -> None:
    now = output.now()
    columns = ("at", "who", "did", "to", "on", "rows", "outcome", "entry")
    output.table(columns, [tuple(_row(item, now)) for item in found], _empty(last, is_narrow))
    if found:
        more = "; there are older ones: `--limit`, `--until`" if last["next"] else ""
        output.say(f"\n{output.counted(len(found), 'effect')}{more}")
        output.say(f"next: `assent explain {found[0]['entry']}`")
    if last["indexed"] < last["size"]:
        output.say(f"indexed up to entry {last['indexed']} of {last['size']}; newer ones follow")


def _row(item: Mapping[str, Any], now: datetime) -> Iterator[str]:
    yield in_words(item["at"], now)
    yield item["subject"]
    yield item["verb"]
    yield item["resource"]
    yield item["target"] or ""
    yield "" if item["rows"] is None else str(item["rows"])
    yield f"{item['outcome']}, failed" if item["error"] else item["outcome"]
    yield item["entry"]


def _empty(last: Mapping[str, Any], is_narrow: bool) -> str:
    if not is_narrow:
        return "nothing was done yet; what people do appears here some seconds after they did it"
    return (
        "nothing fits; ask for less at once (`--verb 'sql.*'`, an earlier `--since`); "
        "words of statements are found only where a permit says `@searchable_text`"
    )
