"""`assent audit exporters`: how far systems outside are that hear what the log says."""

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.output import AsJson


def exporters(*, as_json: AsJson = False) -> None:
    """List the systems that the log is exported to: how far each is, and what was wrong last.

    For who sees its health. What is away is waited for, and then told all that it missed.
    """
    answer = signed_in().get("/v1/audit/exporters")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    rows = [
        (
            one["name"],
            one["kind"],
            str(one["position"]),
            str(one["behind"]),
            in_words(one["last_sent_at"], now) or "not since the start",
            _wrong(one["refused"], one["passed_over"], one["last_error"]),
        )
        for one in answer["items"]
    ]
    columns = ("name", "kind", "at entry", "behind", "last sent", "last error")
    output.table(columns, rows, "nothing is exported to; name it in `[[exporters]]`")


def _wrong(refused: int, passed_over: int, error: str) -> str:
    words = [error] if error else []
    if refused:
        words.append(f"{output.counted(refused, 'event')} refused for good")
    if passed_over:
        words.append(f"{output.counted(passed_over, 'entry', 'entries')} could not be read")
    return "; ".join(words)
