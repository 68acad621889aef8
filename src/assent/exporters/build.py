"""Builds the sinks that the configuration names."""

import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from assent.control.exporting import Sink, Wanted
from assent.core.clock import Clock
from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.core.webhook_signature import webhook_key
from assent.exporters.collectors import CloudEvents, OpenTelemetry
from assent.exporters.jsonl_file import JsonlFile
from assent.exporters.posting import Posting
from assent.exporters.settings import ExporterConfig, split_server
from assent.exporters.syslog_receiver import SyslogReceiver

Reveal = Callable[[str], Secret[str]]
WhenDone = Callable[[Callable[[], Awaitable[None]]], object]


def sinks(
    entries: Sequence[ExporterConfig],
    folder: Path,
    reveal: Reveal,
    clock: Clock,
    version: str,
    when_done: WhenDone,
) -> Sequence[tuple[Sink, Wanted]]:
    """Return each sink with what it wants. folder: what relative paths start from.

    when_done: takes what is awaited at the end. Raises OperatorFault for a secret or a
    certificate that cannot be read.
    """
    check(entries, folder, reveal)
    found: list[tuple[Sink, Wanted]] = []
    for entry in entries:
        wanted = Wanted(frozenset(entry.kinds), entry.names, entry.text)
        found.append((_sink(entry, folder, reveal, clock, version, when_done), wanted))
    return found


def check(entries: Sequence[ExporterConfig], folder: Path, reveal: Reveal) -> None:
    """Raise OperatorFault for the first secret or certificate that cannot be used."""
    for entry in entries:
        for reference in entry.references:
            reveal(reference)
        if entry.secret:
            webhook_key(reveal(entry.secret))
        trust(entry, folder)


def trust(entry: ExporterConfig, folder: Path) -> ssl.SSLContext:
    """Return whom an exporter trusts over TLS, and who it is itself. Raises OperatorFault."""
    try:
        authority = str(folder / entry.certificate_authority)
        context = ssl.create_default_context(
            cafile=authority if entry.certificate_authority else None
        )
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if entry.certificate:
            context.load_cert_chain(folder / entry.certificate, folder / entry.key)
    except (OSError, ssl.SSLError) as cause:
        named = ", ".join(f"`{one}`" for one in entry.files)
        words = f"{named} of the exporter `{entry.name}` cannot be read as PEM files"
        raise OperatorFault("exporter-certificate", words) from cause
    return context


def _sink(
    entry: ExporterConfig,
    folder: Path,
    reveal: Reveal,
    clock: Clock,
    version: str,
    when_done: WhenDone,
) -> Sink:
    if entry.kind == "jsonl":
        return JsonlFile(entry.name, folder / entry.path)
    if entry.kind == "syslog":
        host = entry.host or socket.gethostname()
        server = split_server(entry.server)
        receiver = SyslogReceiver(
            entry.name,
            server,
            lambda: trust(entry, folder),
            host,
            entry.enterprise,
            confirmed=entry.confirmed,
        )
        when_done(receiver.close)
        return receiver
    posting = Posting(f"the collector `{entry.name}`", entry.url, trust(entry, folder))
    when_done(posting.close)
    if entry.kind == "cloudevents":
        return CloudEvents(
            entry.name, posting, lambda: reveal(entry.secret), clock, batch=entry.batch
        )

    def headers() -> dict[str, str]:
        if not entry.token:
            return {}
        token = reveal(entry.token).reveal()
        return {entry.header: token} if entry.header else {"authorization": f"Bearer {token}"}

    return OpenTelemetry(entry.name, posting, headers, version)
