"""A gateway that is killed tells systems outside everything all the same, and what it told is
proved by a program that shares nothing with it."""

import json
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import gateway_world
from assent.demo.world import World
from assent_verify.__main__ import main as verify
from certificate_authority import Authority
from export_peers import Message, read_frames, read_message
from gateway_world import Gateway, eventually


class Receiver:
    """A syslog receiver in a thread, which outlives the gateway."""

    def __init__(self, authority: Authority) -> None:
        signed = authority.sign("127.0.0.1")
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(signed.certificate, signed.key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.messages: list[Message] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as stream:
                    data = b"".join(iter(lambda: stream.recv(65_536), b""))
                    self.messages += [read_message(one) for one in read_frames(data)]
                    stream.unwrap()
            except (OSError, AssertionError):
                # The gateway was killed while it spoke.
                continue

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(scope="module")
def world(
    template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Receiver]]:
    folder = tmp_path_factory.mktemp("exporting")
    authority = Authority(folder / "authority")
    receiver = Receiver(authority)
    created = gateway_world.create_world(folder / "world", template)
    with created.config.open("a", encoding="utf-8") as file:
        file.write(
            '\n[[exporters]]\nname = "file"\nkind = "jsonl"\npath = "out/events.jsonl"\n'
            '\n[[exporters]]\nname = "away"\nkind = "otlp"\nurl = "http://127.0.0.1:1/v1/logs"\n'
            f'\n[[exporters]]\nname = "siem"\nkind = "syslog"\n'
            f'server = "127.0.0.1:{receiver.port}"\n'
            f'certificate_authority = "{authority.file}"\n'
        )
    yield created, receiver
    receiver.close()


def indexes(folder: Path) -> list[int]:
    path = folder / "out" / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line)["unmapped"]["assent"]["index"])
        except ValueError:
            # Half a line, when it was killed right then.
            continue
    return found


def exporters(gateway: Gateway) -> dict[str, dict[str, Any]]:
    answer = gateway.answer("carl", "GET", "/v1/audit/exporters")
    return {one["name"]: one for one in answer["items"]}


def test_exports_survive_a_kill_and_a_bundle_is_proved(
    world: tuple[World, Receiver], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    created, receiver = world
    first = gateway_world.start(created)
    for _ in range(5):
        first.step_up("ana")
    eventually(lambda: indexes(created.folder), "the file has events")
    first.step_up("ana")
    first.kill()

    with gateway_world.serving(created) as again:
        for _ in range(3):
            again.step_up("ana")

        def all_told() -> dict[str, Any] | None:
            found = exporters(again)
            done = [found[name] for name in ("file", "siem")]
            return found if all(not one["behind"] for one in done) else None

        found = eventually(all_told, "both have heard all", 20)
        size = found["file"]["position"]
        told = indexes(created.folder)
        assert set(range(size)) <= set(told)
        # What is there twice stands behind the kill, in one piece: the seam.
        twice = sorted(index for index, times in Counter(told).items() if times > 1)
        assert twice == list(range(twice[0], twice[-1] + 1)) if twice else True
        heard = {int(one.data["assent@32473"]["index"]) for one in receiver.messages}
        assert set(range(found["siem"]["position"])) <= heard
        assert found["away"]["position"] == 0
        assert "cannot be reached" in found["away"]["last_error"]
        assert again.call("ana", "GET", "/v1/audit/exporters").status_code == 403

        for name, more in (("lines", []), ("table", ["--format", "parquet", "--with-text"])):
            folder = tmp_path / name
            words = ["audit", "bundle", str(folder), "--since", "1d", *more]
            done = gateway_world.assent(again, "carl", *words)
            assert done.returncode == 0, done.stderr
            assert verify(["bundle", str(folder), "--key", str(folder / "key")]) == 0
            assert "good" in capsys.readouterr().out
    text = (tmp_path / "lines" / "events.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [one["unmapped"]["assent"]["index"] for one in lines] == list(range(len(lines)))
    table = pyarrow.parquet.read_table(tmp_path / "table" / "events.parquet").to_pylist()
    assert len(table) >= len(lines)
    for row, line in zip(table, lines, strict=False):
        assert row["leaf_hash"] == line["unmapped"]["assent"]["leaf_hash"]
        assert json.loads(row["event"])["metadata"]["uid"] == row["entry"]
    # The second bundle has the entry that says that the first was made.
    kinds = [row["kind"] for row in table]
    assert "audit.exported" in kinds[len(lines) :]
