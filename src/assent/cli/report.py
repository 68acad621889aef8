"""`assent report`: evidence packs for auditors, with the verification of the log in front."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.cli.search import instant_text

Name = Literal["access-review", "privileged-actions", "approvals", "break-glass"]
_PATIENCE_S = 900.0


def report(
    name: Name,
    /,
    *,
    since: Annotated[
        str, Parameter(help="Where the period begins: `march`, `2026-03`, `30d`, RFC 3339.")
    ],
    until: Annotated[str | None, Parameter(help="Where it ends, in the same words; now.")] = None,
    out: Annotated[Path, Parameter(help="The folder to write into.")] = Path(),
    form: Annotated[
        Literal["html", "csv", "both"], Parameter(name="--format", help="What is written.")
    ] = "both",
    key: Annotated[
        str | None, Parameter(help="The log's key, or a file with it, from whom you trust.")
    ] = None,
    policy: Annotated[
        Path | None, Parameter(help="Whom you trust, as C2SP tlog-policy; in place of `--key`.")
    ] = None,
    fresh_within: Annotated[
        str | None, Parameter(help="Ask that a witness saw the log within `1h`, `1d`.")
    ] = None,
    export: Annotated[
        Path | None, Parameter(help="Keep the verified export here; continued if it is one.")
    ] = None,
    no_verify: Annotated[
        bool, Parameter(negative=(), help="Do not verify the log; the first page says so.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Make an evidence pack over a period, for whoever audits; only overseers can.

    The log is exported and verified first, and the first page says what was found: with `--key` or
    `--policy` against whom you trust, else against the key that the server names. That you made it
    is in the log. Exits with 1 when the log is not what it should be; the files are written then,
    too, and say so. With `--json` nothing is written.

    Parameters
    ----------
    name
        Which report: who had access; what was changed or held; what people answered; emergencies.
    """
    from assent.cli.report_verification import Trust, verified

    if key is not None and policy is not None:
        raise CommandFault(ExitCode.USAGE, "trust", "give `--key` or `--policy`, not both")
    client = signed_in().patient(_PATIENCE_S)
    now = output.now()
    output.live("the server reads the log")
    asked = {"since": instant_text(since, now), "until": instant_text(until, now)}
    pack = client.get(f"/v1/reports/{name}", **asked)
    if no_verify:
        pack["verification"] = "not verified"
    else:
        output.live("the log is exported and verified")
        pack["verification"] = verified(client, pack, Trust(key, policy, fresh_within, export))
    output.live("")
    if as_json:
        output.show_json(pack)
    else:
        _show(pack, _write(pack, out, form))
    return _exit_code(pack)


def _exit_code(pack: Mapping[str, Any]) -> int:
    from assent.cli.report_words import verdict_kind

    return int(verdict_kind(pack) == "bad")


def _write(pack: Mapping[str, Any], folder: Path, form: str) -> list[Path]:
    from assent.cli.report_page import page
    from assent.cli.report_sheets import sheets

    days = [str(pack[name])[:10].replace("-", "") for name in ("since", "until")]
    stem = f"{pack['report']}-{days[0]}-{days[1]}"
    texts = {f"{stem}.html": page(pack)} if form != "csv" else {}
    if form != "html":
        texts |= {f"{stem}-{name}.csv": text for name, text in sheets(pack)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_written(folder / name, text) for name, text in texts.items()]
    except OSError as error:
        words = f"`{folder}` cannot be written: {error.strerror or error}"
        raise CommandFault(ExitCode.OUTSIDE, "not-written", words) from error


def _written(path: Path, text: str) -> Path:
    """Write a file that only its owner reads: it says what people did."""
    with open(
        path,
        "w",
        encoding="utf-8",
        newline="",
        opener=lambda name, flags: os.open(name, flags, 0o600),
    ) as file:
        file.write(text)
    return path


def _show(pack: Mapping[str, Any], written: list[Path]) -> None:
    from assent.cli.report_words import moment, verdict

    output.say(f"{pack['title']}, {moment(pack['since'])} to {moment(pack['until'])} UTC")
    for sentence in verdict(pack):
        output.say(f"    {sentence}")
    output.facts([(one["label"], f"{one['value']:,}") for one in pack["figures"]])
    for sentence in pack["left_out"]:
        output.note(sentence)
    for path in written:
        output.say(str(path))
