"""What is wrong with an exporter is said before anything starts, and never with a secret in it."""

from typing import Any

import pytest

from assent.core.faults import OperatorFault
from assent.exporters.settings import ExporterConfig, check_exporters, split_server

GOOD = (
    ExporterConfig("file", "jsonl", path="out/events.jsonl", kinds=("decision", "approval")),
    ExporterConfig("siem", "cloudevents", url="https://siem.example/in", secret="env:KEY"),
    ExporterConfig("otel", "otlp", url="http://127.0.0.1:4318/v1/logs", token="file:token"),
    ExporterConfig("log", "syslog", server="[2001:db8::1]:6514", certificate="c", key="k"),
)


def test_each_kind_can_be_said() -> None:
    check_exporters(GOOD, "[[exporters]]")
    assert GOOD[1].references == ("env:KEY",)
    assert GOOD[3].files == ("c", "k")
    assert split_server(GOOD[3].server) == ("2001:db8::1", 6514)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "carrier-pigeon"}, "is none of `jsonl`"),
        ({"kind": "jsonl"}, "needs `path`"),
        ({"kind": "cloudevents", "url": "https://a.example"}, "needs `secret`"),
        ({"kind": "otlp"}, "needs `url`"),
        ({"kind": "syslog"}, "needs `server`"),
        ({"kind": "jsonl", "path": "a", "url": "https://a.example"}, "means nothing"),
        ({"kind": "otlp", "url": "ftp://a.example"}, "is no address"),
        ({"kind": "otlp", "url": "https://[::1"}, "is no address"),
        ({"kind": "otlp", "url": "https://me:pw@a.example"}, "is no address"),
        ({"kind": "otlp", "url": "http://a.example/v1/logs"}, "in the clear"),
        ({"kind": "otlp", "url": "https://a.example", "token": "t0ken"}, "must be a reference"),
        ({"kind": "otlp", "url": "https://a.example", "header": "x-key"}, "is for a `token`"),
        (
            {"kind": "otlp", "url": "https://a.example", "token": "env:T", "header": "a b\r\n"},
            "no name of a header",
        ),
        ({"kind": "syslog", "server": "a.example"}, "is not `host:port`"),
        ({"kind": "syslog", "server": "a.example:70000"}, "is not `host:port`"),
        ({"kind": "syslog", "server": "a.example:1", "key": "k"}, "needs either both"),
        ({"kind": "syslog", "server": "a.example:1", "enterprise": 0}, "no private enterprise"),
        ({"kind": "jsonl", "path": "a", "kinds": ("moon.landed",)}, "is no kind of entry"),
        ({"kind": "jsonl", "path": "a", "name": "../up"}, "must be there once"),
    ],
)
def test_what_cannot_work_is_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorFault, match=words) as fault:
        check_exporters([ExporterConfig(**{"name": "one", **said})], "[[exporters]]")
    assert fault.value.place.startswith("[[exporters]]")
    assert "t0ken" not in fault.value.detail
    assert "pw" not in fault.value.detail


def test_a_name_is_there_once() -> None:
    with pytest.raises(OperatorFault, match="must be there once"):
        check_exporters([GOOD[0], GOOD[0]], "[[exporters]]")


def test_there_are_not_too_many() -> None:
    many = [ExporterConfig(f"n{number}", "jsonl", path="a") for number in range(17)]
    with pytest.raises(OperatorFault, match="more than 16"):
        check_exporters(many, "[[exporters]]")
