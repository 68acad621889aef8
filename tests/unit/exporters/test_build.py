"""Sinks are built as the configuration has them, or it is said what is missing."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.exporters.build import check, sinks
from assent.exporters.settings import ExporterConfig
from certificate_authority import Authority
from channel_peers import http_peer
from conformance.store_builders import StoppedClock
from exported_events import some_events

LONG = Secret("a secret that nobody guesses")


def reveal(reference: str) -> Secret[str]:
    return Secret("short") if reference == "env:SHORT" else LONG


async def test_each_kind_is_built_with_what_it_wants(tmp_path: Path) -> None:
    done: list[Callable[[], Awaitable[None]]] = []
    async with http_peer() as peer:
        entries = [
            ExporterConfig("file", "jsonl", path="a.jsonl", kinds=("login",), text=True),
            ExporterConfig("siem", "cloudevents", url=peer.url, secret="env:KEY"),
            ExporterConfig("otel", "otlp", url=peer.url, token="env:TOKEN"),
            ExporterConfig("own", "otlp", url=peer.url, token="env:TOKEN", header="x-key"),
            ExporterConfig("log", "syslog", server="127.0.0.1:6514"),
        ]
        built = sinks(entries, tmp_path, reveal, StoppedClock(), "0.1.0", done.append)
        assert [(sink.name, sink.kind) for sink, _ in built] == [
            (one.name, one.kind) for one in entries
        ]
        wanted = built[0][1]
        assert (wanted.kinds, wanted.with_names, wanted.with_text) == ({"login"}, True, True)
        for sink, _ in built[:4]:
            await sink.send(some_events(1))
        headers = [taken.headers for taken in peer.taken]
        assert "webhook-signature" in headers[0]
        assert headers[1]["authorization"] == f"Bearer {LONG.reveal()}"
        assert headers[2]["x-key"] == LONG.reveal()
        assert (tmp_path / "a.jsonl").read_text().count("\n") == 1
        for close in done:
            await close()
    assert len(done) == 4


def test_a_secret_that_could_be_guessed_stops_the_start(tmp_path: Path) -> None:
    entry = ExporterConfig("siem", "cloudevents", url="https://a.example", secret="env:SHORT")
    with pytest.raises(OperatorFault, match="24 bytes or more"):
        check([entry], tmp_path, reveal)


def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    for name in ("bad.pem", "missing.pem"):
        entry = ExporterConfig("log", "syslog", server="a:1", certificate_authority=name)
        with pytest.raises(OperatorFault, match="cannot be read as PEM"):
            check([entry], tmp_path, reveal)


def test_certificates_of_ones_own_are_read(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    signed = authority.sign("127.0.0.1")
    entry = ExporterConfig(
        "log", "syslog", server="a:1", certificate_authority=authority.file.name,
        certificate=signed.certificate.name, key=signed.key.name,
    )  # fmt: skip
    check([entry], tmp_path, reveal)
