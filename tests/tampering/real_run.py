"""A real gateway's log with all that an attack may want to change, and what its readers kept.

Ana reads, writes and is held; Ben signs on his device, Dora with a passkey; Nora is erased; a
witness in a process of its own cosigns, and an anchor keeps what it saw.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

import gateway_world
from assent.audit.approval_signatures import approval_message
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop, assent, eventually
from software_authenticator import Passkey
from unit.assent_verify.exports import SigningKey

ORIGIN = "assent.example/audit"
WITNESS = "witness.example/w1"
SEED = 7
TABLE = "tampered_with"
OTHER = "tampered_by_passkey"

_POLICIES = """
@id("audit.permit")
permit (principal in Group::"security", action == Action::"audit.erase",
  resource == System::"audit");
@id("guard.two") @require("approve: 2 of dba") @hold("15m")
forbid (principal, action == Action::"sql.update", resource in Target::"shop")
when { context.statement.has_where };
"""
_AUDIT = """
[audit]
witness_every = "1s"

[[audit.witnesses]]
key = "{key}"
url = "{url}"

[[audit.anchors]]
name = "disk"
kind = "file"
path = "anchored"
every = "1s"
"""
_GUARD = '@require("approve: 1 of dba")\n@message("an UPDATE or DELETE without'
_LONG, _MANY = 16_000, 70
"""Bytes of a statement, and how many of them: more than one segment of a recording holds."""


@dataclass(frozen=True, slots=True)
class RealRun:
    """An export with keys and recordings, and what readers have of their own.

    witness: its public key. kept: a checkpoint of earlier. receipts: `.tlog-proof` files as early,
    their leaves beside them.
    """

    export: Path
    witness: str
    kept: Path
    receipts: tuple[Path, ...]


def make_real_run(folder: Path, template: World, shop: Shop) -> RealRun:
    """Run a gateway through all of it and return what is left; it has ended by then."""
    shop.run(f"create table {TABLE} (id integer); insert into {TABLE} values (1), (2), (3)")
    shop.run(f"create table {OTHER} (id integer)")
    created = gateway_world.create_world(folder / "world", template)
    origin = _with_a_name(created.config)
    _add_policies(created.folder / "policies")
    data = created.folder / "data"
    data.mkdir(mode=0o700)
    _private(data / "audit.key", bytes([SEED]) * 32)
    witness = folder / "witness"
    said = _run("witness", "init", str(witness), "--name", WITNESS, "--json")
    public = str(json.loads(said)["key"])
    with _serving_witness(witness, SigningKey(ORIGIN, SEED).text) as url:
        with created.config.open("a", encoding="utf-8") as file:
            file.write(_AUDIT.format(key=public, url=url))
        with gateway_world.serving(created) as gateway:
            _sign_with_a_passkey(gateway, origin)
            _work(gateway)
            kept, receipts = _keep(gateway, folder / "kept")
            _work_more(gateway)
            export = folder / "export"
            _said(gateway, "carl", "audit", "export", str(export), *_WITH)
    return RealRun(export, public, kept, receipts)


_WITH = ("--with-keys", "--with-recordings")


def _with_a_name(config: Path) -> str:
    """Let people reach the server by a name, which passkeys are made for; return the origin."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin = f"http://localhost:{port}"
    text = config.read_text(encoding="utf-8")
    listen = 'listen = "127.0.0.1:0"\n'
    named = f'listen = "127.0.0.1:{port}"\npublic_url = "{origin}"\n'
    config.write_text(text.replace(listen, named, 1), encoding="utf-8")
    return origin


def _sign_with_a_passkey(gateway: Gateway, origin: str) -> None:
    """Dora makes a passkey and signs with it for what is held."""
    passkey = Passkey("ES256", origin=origin)
    options = gateway.answer("dora", "POST", "/v1/passkeys/options")["public_key"]
    credential = json.loads(passkey.create(options))
    body = {"name": "phone", "credential": credential}
    key = gateway.answer("dora", "POST", "/v1/passkeys", body)["id"]
    client = _psql(gateway.connect_as("ana"), f"delete from {OTHER};\n")
    request = gateway.wait_for_request(OTHER)
    shown = gateway.answer("dora", "GET", f"/v1/requests/{request}/shown")
    digest = shown["document"]["action"]["digest"]
    message = approval_message("approve", request, digest, shown["digest"])
    signature, assertion = passkey.approval(message)
    signed = {"kind": "webauthn", "key": key, "signature": signature, "assertion": assertion}
    answer = {"shown": shown["digest"], "signature": signed}
    gateway.answer("dora", "POST", f"/v1/requests/{request}/approve", answer)
    assert "DELETE 0" in client.communicate(timeout=30)[0]


def _work(gateway: Gateway) -> None:
    """Ana reads, writes and is refused; Ben signs for what is held."""
    file = str(gateway.world.people["ben"].password_file)
    _said(gateway, "ben", "devices", "enroll", "--password-file", file)
    credential = gateway.connect_as("ana")
    client = _psql(
        credential,
        f"select count(*) from {TABLE};\nselect id from {TABLE} where id = 1;\n"
        f"truncate {TABLE};\nupdate {TABLE} set id = 9 where id = 1;\ndelete from {TABLE};\n",
    )
    gateway.approve_next("update", "ben", "dora")
    request = gateway.wait_for_request("delete")
    _said(gateway, "ben", "approve", request, "--yes")
    gateway.wait_until(request, "completed")
    assert "DELETE 3" in client.communicate(timeout=30)[0]
    _read_nora(gateway)


def _read_nora(gateway: Gateway) -> None:
    client = _psql(gateway.connect_as("nora"), "select count(*) from customers;\n")
    client.communicate(timeout=30)


def _work_more(gateway: Gateway) -> None:
    """Ana fills more than a segment; Nora is erased."""
    long = "".join(
        f"insert into {TABLE} values ({number}) /* {'x' * _LONG} */;\n" for number in range(_MANY)
    )
    client = _psql(gateway.connect_as("ana"), long)
    said, complaints = client.communicate(timeout=60)
    assert said.count("INSERT 0 1") == _MANY, complaints
    _fail_in_a_pipeline(gateway.connect_as("ana"))
    _said(gateway, "carl", "audit", "erase", "--subject", "nora", "--reason", "she asked")
    open_sessions = "/v1/sessions?open=true"
    eventually(lambda: not gateway.answer("ana", "GET", open_sessions)["items"], "they have ended")


def _fail_in_a_pipeline(credential: Credential) -> None:
    """Send statements behind one that fails, without waiting for it: they are skipped."""
    with (
        psycopg.connect(**credential.keywords, dbname=credential.database) as connection,
        suppress(psycopg.errors.DivisionByZero),
        connection.pipeline(),
    ):
        for divisor in (1, 0, 1, 2, 3):
            connection.execute(f"insert into {TABLE} values (6 / %s)", (divisor,))


def _keep(gateway: Gateway, folder: Path) -> tuple[Path, tuple[Path, ...]]:
    """Keep a checkpoint that the witness has signed, and Ana's receipts."""
    folder.mkdir()
    mine = gateway.answer("ana", "GET", "/v1/requests?mine=true")["items"]
    request = next(one["id"] for one in mine if f"delete from {TABLE}" in one["action"]["text"])
    _said(gateway, "ana", "receipt", request, "--out", str(folder), "--wait", "30")
    kept = folder / "checkpoint"
    kept.write_text(gateway.call("carl", "GET", "/v1/audit/checkpoint").text, encoding="utf-8")
    receipts = tuple(sorted(folder.glob("*.tlog-proof")))
    assert receipts
    return kept, receipts


def _add_policies(folder: Path) -> None:
    (folder / "60-audit.cedar").write_text(_POLICIES, encoding="utf-8")
    guards = folder / "30-guards.cedar"
    text = guards.read_text(encoding="utf-8")
    assert _GUARD in text
    signed = _GUARD.replace("1 of dba", "1 of dba, signed")
    guards.write_text(text.replace(_GUARD, signed), encoding="utf-8")


def _psql(credential: Credential, script: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [psql_program(), "-X"],
        env=credential.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(script)
    process.stdin.close()
    process.stdin = None
    return process


def _said(gateway: Gateway, name: str, *arguments: str) -> str:
    done = assent(gateway, name, *arguments)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "assent", *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def _private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


@contextmanager
def _serving_witness(folder: Path, log: str) -> Iterator[str]:
    """Run `assent witness serve` for this log; yields its address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "assent", "witness", "serve", str(folder)),
            *("--listen", "127.0.0.1:0", "--log", log),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline().strip()
        assert "http://" in line, line
        yield line.rpartition(" ")[2]
    finally:
        process.terminate()
        process.communicate(timeout=20)
