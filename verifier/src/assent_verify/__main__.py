"""`assent-verify`: prove an export, or one receipt, without trusting who made it."""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from assent_verify.bundles import verify_bundle
from assent_verify.checkpoints import split_notes
from assent_verify.notes import MAX_NOTE_BYTES, parse_key
from assent_verify.policy import MAX_POLICY_BYTES, Policy, of_keys, parse_policy
from assent_verify.progress import Bar
from assent_verify.receipts import MAX_RECEIPT_BYTES, Receipt, parse_receipt
from assent_verify.report import Report
from assent_verify.single import verify_receipt
from assent_verify.source import SourceAway, open_source
from assent_verify.verification import Asked, verify
from assent_verify.words import as_json, as_text

USAGE = 64
"""The exit code for a command that was not understood: none of those that say something of a log
(64 is EX_USAGE of sysexits.h)."""

_ABOUT = """\
Prove the audit log of a gateway that you do not run. Nothing is sent anywhere, nothing is
installed, and nothing is believed but the keys that you give.

  assent-verify log FOLDER --key gateway.example/audit+1a2b3c4d+AT…
  assent-verify log https://log.example/audit --policy trust.txt --fresh-within 1h
  assent-verify receipt ent_01.tlog-proof --policy trust.txt

The key and the policy must come from somebody you trust, not from the export. What you keep of
an earlier visit (a checkpoint, a receipt) shows what was rewritten since: name it too.
"""
_EXITS = """\
exit codes:
  0  good
  1  tampered: something is not what was signed, or a rule was broken; the entry is named
  2  incomplete: what is there is proved, something is missing or still open
  3  stale: nobody outside has seen the log for longer than --fresh-within allows
  4  untrusted: nobody whom you trust has signed it
 64  the command was not understood, or a file cannot be read
"""
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Usage(Exception):
    """What was asked for cannot be done: one sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what was not understood, with an exit code that says nothing of a log."""
        raise _Usage(f"{message}; `{self.prog} --help` explains")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. arguments: those of the process if None."""
    try:
        asked = _parser().parse_args(arguments)
        return int(asked.run(asked))
    except _Usage as error:
        print(f"assent-verify: {error}", file=sys.stderr)
        return USAGE
    except SourceAway as error:
        print(f"assent-verify: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("assent-verify: interrupted", file=sys.stderr)
        return 130


def _log(asked: argparse.Namespace) -> int:
    source = open_source(asked.source)
    kept = [*(asked.checkpoint or ()), *([asked.since] if asked.since else ())]
    with Bar(sys.stderr, quiet=asked.quiet) as bar:
        report = verify(
            source,
            Asked(
                policy=_policy(asked),
                at=asked.at or datetime.now(UTC),  # noqa: TID251 (the clock of the reader)
                kept=[(f"`{path}`", note) for path in kept for note in _notes(path)],
                receipts=[(f"`{path}`", *_receipt(path)) for path in asked.receipt or ()],
                fresh_within=asked.fresh_within,
                authorities=[_certificate(path) for path in asked.authority or ()],
                workers=asked.workers or os.cpu_count() or 1,
                progress=bar.show,
            ),
        )
    return _say(report, asked)


def _single(asked: argparse.Namespace) -> int:
    receipt, leaf = _receipt(asked.receipt)
    report = verify_receipt(receipt, leaf, _policy(asked))
    return _say(report, asked)


def _bundle(asked: argparse.Namespace) -> int:
    try:
        return _say(verify_bundle(Path(asked.folder), _policy(asked)), asked)
    except OSError as error:
        name = error.filename or asked.folder
        raise _Usage(f"`{name}` cannot be read: {error.strerror}") from error


def _say(report: Report, asked: argparse.Namespace) -> int:
    if asked.json:
        print(json.dumps(as_json(report), indent=2, ensure_ascii=False))
    else:
        print(as_text(report))
    return int(report.exit_code)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="assent-verify",
        description=_ABOUT,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    log = commands.add_parser(
        "log",
        help="prove a whole export",
        description="Prove an export: a folder, or a web folder that shows one.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    log.add_argument("source", metavar="SOURCE", help="folder, or http(s) address of one")
    _add_trust(log)
    _add_many(log, "--checkpoint", "a checkpoint that you kept from earlier")
    _add_many(log, "--receipt", "a .tlog-proof that you kept; its .leaf lies beside it")
    log.add_argument("--since", metavar="FILE", help="the checkpoint that you verified last time")
    log.add_argument(
        "--fresh-within",
        metavar="TIME",
        type=_duration,
        help="fail with 3 unless somebody outside saw the log within 90s, 10m, 1h, 2d",
    )
    log.add_argument("--at", metavar="TIME", type=_instant, help="work that out for this moment")
    _add_many(log, "--authority", "certificate (PEM) of a time stamping authority that you trust")
    log.add_argument("--workers", metavar="N", type=_count, help="processes; one for each core")
    log.set_defaults(run=_log)
    single = commands.add_parser(
        "receipt",
        help="prove one entry from its receipt alone",
        description="Prove that an entry is in the log, from its .tlog-proof and its .leaf.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    single.add_argument("receipt", metavar="FILE", help="the .tlog-proof; .leaf lies beside it")
    _add_trust(single)
    single.set_defaults(run=_single)
    bundle = commands.add_parser(
        "bundle",
        help="prove the events of a period",
        description="Prove that the log holds what the events of a bundle say.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bundle.add_argument("folder", metavar="FOLDER", help="what `assent audit bundle` wrote")
    _add_trust(bundle)
    bundle.set_defaults(run=_bundle)
    return parser


def _add_trust(parser: argparse.ArgumentParser) -> None:
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--policy", metavar="FILE", help="whom you trust, as C2SP tlog-policy")
    trust.add_argument("--key", metavar="KEY", help="the log's public key, or a file with it")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_many(parser: argparse.ArgumentParser, name: str, words: str) -> None:
    parser.add_argument(name, metavar="FILE", action="append", help=f"{words}; repeatable")


def _policy(asked: argparse.Namespace) -> Policy | None:
    try:
        if asked.policy:
            return parse_policy(_text(asked.policy, MAX_POLICY_BYTES))
        if asked.key:
            text = asked.key
            if Path(text).is_file():
                text = _text(text, MAX_POLICY_BYTES)
            return of_keys([parse_key(line) for line in text.strip().splitlines()])
    except ValueError as error:
        raise _Usage(f"whom you trust cannot be read: {error}") from error
    return None


def _notes(path: str) -> list[str]:
    """Return the checkpoints in a file; evidence of a fork is two, one after the other."""
    text = _text(path, MAX_NOTE_BYTES)
    return split_notes(text) or [text]


def _receipt(path: str) -> tuple[Receipt, bytes]:
    try:
        receipt = parse_receipt(_text(path, MAX_RECEIPT_BYTES))
    except ValueError as error:
        raise _Usage(f"`{path}` is no receipt: {error}") from error
    return receipt, _bytes(str(Path(path).with_suffix(".leaf")), MAX_RECEIPT_BYTES)


def _certificate(path: str) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        return x509.load_pem_x509_certificate(_bytes(path, MAX_POLICY_BYTES)).public_bytes(
            Encoding.DER
        )
    except ValueError as error:
        raise _Usage(f"`{path}` is no certificate in PEM") from error


def _text(path: str, most: int) -> str:
    try:
        return _bytes(path, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Usage(f"`{path}` is not utf-8") from error


def _bytes(path: str, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise _Usage(f"`{path}` cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise _Usage(f"`{path}` has more than {most} bytes")
    return data


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"`{text}` is not a time such as 90s, 10m, 1h or 2d")
    return timedelta(seconds=int(match.group(1)) * _UNITS[match.group(2)])


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"`{text}` is not a moment such as 2026-11-22T12:00:00Z")
    return moment.astimezone(UTC)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 512:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1 to 512")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
