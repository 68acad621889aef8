"""What people see, what programs read, and how commands end."""

import json
from pathlib import Path
from typing import Any

import pytest

from assent.__main__ import run
from unit.cli.fake_server import (
    GRANT_ID,
    REQUEST_ID,
    SESSION_ID,
    FakeServer,
    grant_json,
    opened_json,
    request_json,
)

Capture = pytest.CaptureFixture[str]
REQUEST = f"/v1/requests/{REQUEST_ID}"


def test_login_keeps_the_token_in_a_private_file(
    server: FakeServer, home: Path, tmp_path: Path, capsys: Capture
) -> None:
    subject = {"name": "ana", "display_name": "Ana", "groups": ["engineers"]}
    answer = {"token": "tok", "expires_at": "2026-11-22T10:00:00Z", "subject": subject}
    server.answer("POST /v1/login", 200, answer)
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    assert run(["login", server.url, "--name", "ana", "--password-file", str(file)]) == 0
    assert server.asked[0].body == {"name": "ana", "password": "hunter2"}
    kept = home / "credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["token"] == "tok"
    out = capsys.readouterr().out
    assert "signed in" in out
    assert "tok" not in out.replace("token", "")


def test_login_never_sends_a_password_over_a_network_in_the_clear(capsys: Capture) -> None:
    assert run(["login", "http://assent.example", "--name", "ana"]) == 2
    assert "https://" in capsys.readouterr().err


def test_a_kept_token_goes_to_no_other_server(
    server: FakeServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    file = home / "credentials.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "tok"}))
    file.chmod(0o600)
    monkeypatch.setenv("ASSENT_URL", server.url)
    assert run(["whoami"]) == 8
    assert server.asked == []


def test_credentials_that_others_can_read_are_not_used(home: Path, capsys: Capture) -> None:
    home.mkdir()
    file = home / "credentials.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "tok"}))
    file.chmod(0o644)
    assert run(["whoami"]) == 7
    assert "chmod 600" in capsys.readouterr().err


def test_logout_forgets_the_token_even_when_the_server_is_away(home: Path, capsys: Capture) -> None:
    home.mkdir()
    file = home / "credentials.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "tok"}))
    file.chmod(0o600)
    assert run(["logout"]) == 6
    assert not file.exists()
    assert "assent serve" in capsys.readouterr().err


def test_nobody_signed_in_is_told_how(capsys: Capture) -> None:
    assert run(["whoami"]) == 8
    assert "assent login" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, 8), (403, 3), (404, 4), (409, 5), (422, 2), (429, 3), (503, 6), (500, 1)],
)
def test_each_problem_has_its_exit_code(
    signed_in: FakeServer, capsys: Capture, status: int, code: int
) -> None:
    signed_in.problem("GET /v1/whoami", status, "some-code", "the sentence of the server")
    assert run(["whoami"]) == code
    assert "the sentence of the server" in capsys.readouterr().err


def test_with_json_an_error_is_json_as_well(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.problem("GET /v1/whoami", 403, "no", "not you")
    assert run(["whoami", "--json"]) == 3
    error = json.loads(capsys.readouterr().err)["error"]
    assert error == {"code": "no", "detail": "not you", "exit_code": 3}


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(capsys: Capture) -> None:
    assert run(["whoam"]) == 2
    assert "whoami" in capsys.readouterr().err


def test_whoami_sends_the_token(signed_in: FakeServer, capsys: Capture) -> None:
    answer = {"name": "ana", "display_name": "Ana", "groups": ["engineers"]}
    signed_in.answer("GET /v1/whoami", 200, answer)
    assert run(["whoami"]) == 0
    assert signed_in.asked[0].authorization == "Bearer tok"
    assert "engineers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "call", "teaches"),
    [
        (["targets"], "GET /v1/targets", "assent.toml"),
        (["inbox"], "GET /v1/inbox", "--watch"),
        (["grants"], "GET /v1/grants", "assent connect"),
        (["sessions"], "GET /v1/sessions", "assent connect"),
    ],
)
def test_an_empty_list_teaches_what_to_do(
    signed_in: FakeServer, capsys: Capture, command: list[str], call: str, teaches: str
) -> None:
    signed_in.answer(call, 200, {"items": []})
    assert run(command) == 0
    assert teaches in capsys.readouterr().out


def test_connect_prints_a_psql_command_and_an_address(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("POST /v1/connect", 201, opened_json())
    assert run(["connect", "shop", "--for", "30m", "--reason", "on call"]) == 0
    body = {"target": "shop", "for_s": 1800, "reason": "on call", "connections": 1}
    assert signed_in.asked[0].body == body
    out = capsys.readouterr().out
    assert "PGPASSWORD=s3cret/+ psql 'host=127.0.0.1 port=6432 user=ana dbname=shop'" in out
    assert "postgresql://ana:s3cret%2F%2B@127.0.0.1:6432/shop" in out


def test_connect_becomes_psql_with_the_password_in_the_environment(
    signed_in: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "psql"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    became: list[tuple[str, list[str], dict[str, str]]] = []

    def become(path: str, arguments: list[str], environment: dict[str, str]) -> None:
        became.append((path, arguments, environment))

    monkeypatch.setattr("os.execve", become)
    signed_in.answer("POST /v1/connect", 201, opened_json())
    assert run(["connect", "shop", "--", "-X", "-c", "select 1"]) == 0
    path, arguments, environment = became[0]
    assert path == str(program)
    text = "host=127.0.0.1 port=6432 user=ana dbname=shop"
    assert arguments == ["psql", text, "-X", "-c", "select 1"]
    assert environment["PGPASSWORD"] == "s3cret/+"


def test_connect_waits_for_people_and_goes_on(signed_in: FakeServer, capsys: Capture) -> None:
    asked = request_json(kind="access")
    signed_in.answer("POST /v1/connect", 202, {"request": asked})
    signed_in.answer("POST /v1/connect", 201, opened_json())
    later = {"changed_at": "2026-11-22T10:00:01.000000Z"}
    signed_in.answer(f"GET {REQUEST}", 200, asked | later)
    done = {"state": "completed", "grant": GRANT_ID, "unmet": []}
    signed_in.answer(f"GET {REQUEST}", 200, asked | later | done)
    assert run(["connect", "shop"]) == 0
    captured = capsys.readouterr()
    assert "ben, dora" in captured.err
    assert "PGPASSWORD" in captured.out
    assert "wait_s=25" in signed_in.asked[1].query
    assert "changed_after=2026-11-22T10%3A00%3A00.000000Z" in signed_in.asked[1].query


def test_connect_ends_with_denied_when_it_is_rejected(
    signed_in: FakeServer, capsys: Capture
) -> None:
    asked = request_json(kind="access")
    answer = {"approver": "dora", "verdict": "reject", "comment": "not today", "at": ""}
    rejected = asked | {"state": "rejected", "settled_by": "dora", "approvals": [answer]}
    signed_in.answer("POST /v1/connect", 202, {"request": asked})
    signed_in.answer(f"GET {REQUEST}", 200, rejected)
    assert run(["connect", "shop"]) == 3
    err = capsys.readouterr().err
    assert REQUEST_ID in err
    assert "rejected by dora" in err
    assert "not today" in err


def test_a_bad_duration_is_a_usage_error(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["connect", "shop", "--for", "soon"]) == 2
    assert "30m" in capsys.readouterr().err
    assert signed_in.asked == []


def test_the_inbox_lists_what_waits(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/inbox", 200, {"items": [request_json()]})
    assert run(["inbox"]) == 0
    out = capsys.readouterr().out
    assert REQUEST_ID in out
    assert "DELETE FROM orders" in out


def test_show_says_all_that_an_approver_needs(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(f"GET {REQUEST}", 200, request_json())
    assert run(["show", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    for words in (
        "DELETE FROM orders",
        "sql.delete Table public.items through foreign key items_order",
        "would delete about 7 rows of `public.orders`",
        "55 of 100",
        "no WHERE",
        "nothing speaks against the person",
        "3 sessions seen: low confidence",
        "with a WHERE: 20 instead of 55 (low)",
        "ben, dora",
        "1 of dba",
    ):
        assert words in out


def test_escape_sequences_of_others_do_not_reach_the_terminal(
    signed_in: FakeServer, capsys: Capture
) -> None:
    shown = request_json()
    shown["action"]["text"] = "DELETE FROM orders\x1b[2K\r-- \u202eharmless"
    signed_in.answer(f"GET {REQUEST}", 200, shown)
    assert run(["show", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    assert "\\x1b[2K\\x0d" in out
    assert "\\u202e" in out
    assert not {"\x1b", "\r", "\u202e"} & set(out)


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_an_answer_carries_the_comment(
    signed_in: FakeServer, capsys: Capture, verdict: str
) -> None:
    signed_in.answer(f"POST {REQUEST}/{verdict}", 200, request_json(unmet=[]))
    assert run([verdict, REQUEST_ID, "--comment", "looked at it"]) == 0
    sent = signed_in.asked[0].body
    assert {key: value for key, value in sent.items() if value is not None} == {
        "comment": "looked at it"
    }
    assert REQUEST_ID in capsys.readouterr().out


def test_an_answer_that_comes_too_late_is_a_conflict(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.problem(f"POST {REQUEST}/approve", 409, "settled", "ben was faster")
    assert run(["approve", REQUEST_ID]) == 5
    assert "ben was faster" in capsys.readouterr().err


def test_an_id_cannot_leave_its_place_in_the_path(signed_in: FakeServer) -> None:
    assert run(["show", "../grants?everybody=true"]) == 4
    assert signed_in.asked[0].path == "/v1/requests/..%2Fgrants%3Feverybody%3Dtrue"


def test_revoke_needs_a_because(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["revoke", GRANT_ID]) == 2
    ended = grant_json(state="revoked")
    signed_in.answer(f"POST /v1/grants/{GRANT_ID}/revoke", 200, ended)
    assert run(["revoke", GRANT_ID, "--because", "left"]) == 0
    assert signed_in.asked[0].body == {"because": "left"}
    assert "revoked" in capsys.readouterr().out


def test_a_session_shows_each_statement_with_its_result(
    signed_in: FakeServer, capsys: Capture
) -> None:
    session = {
        "id": SESSION_ID,
        "subject": "ana",
        "target": "shop",
        "grant": GRANT_ID,
        "protocol": "postgres",
        "database": "shop",
        "client_address": "127.0.0.1",
        "application": "psql",
        "state": "closed",
        "opened_at": "2026-11-22T10:00:00Z",
        "ends_at": "2026-11-22T10:30:00Z",
        "ended_at": "2026-11-22T10:01:00Z",
        "ended_because": "the client left",
    }
    at = "2026-11-22T10:00:10Z"
    frames = [
        {"kind": "mark", "sequence": 0, "at": at, "event": "opened", "detail": ""},
        {
            "kind": "statement",
            "sequence": 1,
            "at": at,
            "text": "select $1",
            "parameters": ["7", None],
            "verdict": "permit",
            "entry": "ent_x",
            "request": "",
        },
        {
            "kind": "result",
            "sequence": 1,
            "at": at,
            "duration_us": 1500,
            "rows": 3,
            "bytes": 30,
            "error": "",
        },
    ]
    answer = {"session": session, "frames": frames}
    signed_in.answer(f"GET /v1/sessions/{SESSION_ID}", 200, answer)
    assert run(["sessions", "show", SESSION_ID]) == 0
    out = capsys.readouterr().out
    for words in ("the client left", "select $1", "[7, NULL]", "permit, 3 rows, 1.5 ms"):
        assert words in out


def test_explain_tells_in_the_order_of_the_answer(signed_in: FakeServer, capsys: Capture) -> None:
    answer = {"kind": "request", "steps": [{"at": "10:00", "what": "held"}, {"at": "10:01"}]}
    signed_in.answer(f"GET /v1/explain/{REQUEST_ID}", 200, answer)
    assert run(["explain", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    assert out.index("kind: request") < out.index("- at: 10:00") < out.index("- at: 10:01")


def test_an_export_is_written_below_its_folder_only(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/audit/export", 200, {"names": ["tile/0/000", "../evil"]})
    signed_in.answer("GET /v1/audit/export/tile/0/000", 200, b"bytes")
    assert run(["audit", "export", str(tmp_path / "log")]) == 6
    assert (tmp_path / "log/tile/0/000").read_bytes() == b"bytes"
    assert not (tmp_path / "evil").exists()
    assert "../evil" in capsys.readouterr().err


def test_an_export_does_not_mix_with_other_files(signed_in: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    assert run(["audit", "export", str(tmp_path)]) == 2
    assert signed_in.asked == []


def test_verifying_what_is_no_export_says_so(tmp_path: Path, capsys: Capture) -> None:
    assert run(["audit", "verify", str(tmp_path / "none")]) == 64
    assert "neither a folder nor" in capsys.readouterr().err
    assert run(["audit", "verify", str(tmp_path)]) == 4
    assert "`checkpoint` is missing" in capsys.readouterr().out


def test_a_broken_configuration_is_an_operators_fault(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "assent.toml"
    file.write_text("[server]\nlisen = 1\n")
    assert run(["config", "check", "--config", str(file)]) == 7
    assert "lisen" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands(shell: str, capsys: Capture) -> None:
    assert run(["completion", shell]) == 0
    assert "approve" in capsys.readouterr().out


def test_a_server_that_is_not_ours_is_named_so(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/whoami", 200, b"<html>")
    assert run(["whoami"]) == 6
    assert "did not answer as Assent does" in capsys.readouterr().err


def entry_json(kind: str, subject: str = "ana", **more: Any) -> dict[str, Any]:
    content = {"at": "2026-11-22T10:00:00Z", "kind": kind, "subject": subject, "target": "shop"}
    return content | {"facts": {}, "payload": None, "request": REQUEST_ID} | more


def a_story() -> list[dict[str, Any]]:
    resource = {"kind": "Table", "name": "public.carts"}
    touch = {"resource": resource, "verb": "sql.delete", "columns": []}
    attempt = entry_json(
        "attempt",
        facts={"action": "act_1", "verb": "sql.delete", "complete": True, "phase": "execute"},
        payload={
            "text": "DELETE FROM carts",
            "parameters": [],
            "salt": "salt",
            "statement": {"touches": [touch]},
        },
    )
    evidence = {
        "connection": {"address": "10.0.0.7", "application": "psql", "door": "gateway"},
        "events": [
            {"type": "credential-change", "source": "idp", "at": "2026-11-22T09:00:00Z"},
        ],
        "grants": [{"id": "grt_1", "subject": "sub_ana"}],
        "history": [["sql.delete public.carts", 0]],
        "presence": {
            "failures": 2,
            "last": {"address": "10.0.0.9"},
            "minted": {"address": "10.0.0.8"},
            "others": [{"address": "10.0.0.5"}],
        },
        "session": {"actions": 3, "errors": 0, "rows": 70},
        "subject": {"groups": ["engineers"]},
        "unavailable": [],
    }
    facts = {"action": "act_1", "score": 58, "level": "medium", "digest": "sha256:00"}
    network = {"points": 25, "reason": "AS64500 is new", "source": "asn.mmdb"}
    since = {"points": -5, "reason": "as usual", "at": "2026-11-22T10:00:00Z", "source": "profile"}
    device = {"points": 0, "reason": "no device was read", "status": "unavailable"}
    assessment = {
        "factors": [{"points": 38, "reason": "it touches every row"}, network, since, device],
        "headline": "like somebody with the password only",
        "confidence_because": "3 sessions seen: low confidence",
        "otherwise": "with a WHERE: 20 instead of 58 (low)",
        "unknown": ["no device reports how it is kept"],
    }
    risk = {"assessment": assessment, "evidence": evidence}
    denied = entry_json(
        "decision",
        facts=facts | {"outcome": "deny", "code": "remedy-needed", "policies": ["a", "b"]},
        payload=risk | {"messages": ["ask a DBA"], "remedies": ["assent of 1 of dba"]},
    )
    permitted = entry_json(
        "decision",
        facts=facts | {"outcome": "permit", "policies": ["writes"]},
        payload=risk | {"evidence": evidence | {"reason": "spring cleaning"}},
    )
    opened = entry_json(
        "request.opened",
        facts={"action": "act_1", "state": "pending", "deadline_at": "2026-11-22T10:15:00Z"},
        payload={"remedies": ["assent of 1 of dba"], "messages": ["ask a DBA"]},
    )
    approval = entry_json(
        "approval", "ben", facts={"verdict": "approve"}, payload={"comment": "they may go"}
    )
    changed = entry_json("request.changed", "ben", facts={"state": "approved"}, payload={})
    result = entry_json("result", facts={"outcome": "done", "rows": 15, "duration_us": 1500})
    settled = entry_json(
        "request.settled", facts={"state": "completed"}, payload={"outcome": "done, 15 rows"}
    )
    return [attempt, denied, opened, approval, changed, attempt, permitted, result, settled]


def test_explain_tells_who_did_what_how_risky_it_was_and_who_answered(
    signed_in: FakeServer, capsys: Capture
) -> None:
    answer = {"about": REQUEST_ID, "entries": a_story()}
    signed_in.answer(f"GET /v1/explain/{REQUEST_ID}", 200, answer)
    assert run(["explain", REQUEST_ID]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    told = [
        line.partition("  ")[2] if line[:2].isdigit() and ":" in line else line for line in lines
    ]
    assert told[1:26] == [
        "ana attempts sql.delete on shop",
        "DELETE FROM carts",
        "touches Table public.carts: sql.delete",
        "denied (remedy-needed) by a + b; risk 58 of 100, medium",
        "+38  it touches every row",
        "+25  AS64500 is new [asn.mmdb]",
        told[7],
        "+0  no device was read",
        "like somebody with the password only (3 sessions seen: low confidence)",
        "with a WHERE: 20 instead of 58 (low)",
        "not known: no device reports how it is kept",
        "because ask a DBA",
        "needed: assent of 1 of dba",
        "known: from 10.0.0.7 with psql through the gateway",
        "known: in the groups engineers",
        "known: holds grt_1",
        "known: in the session so far 3 actions, 70 rows",
        "known: other sessions from 10.0.0.5",
        "known: credential handed out to 10.0.0.8",
        "known: last seen at 10.0.0.9",
        "known: 2 times refused within the last hour",
        told[22],
        "known: never did sql.delete public.carts before",
        told[24],
        "ben assents: “they may go”",
    ]
    assert told[7].startswith("-5  as usual [profile, ")
    assert told[22].startswith("known: idp said credential-change at ")
    assert told[24].startswith(f"{REQUEST_ID} waits for people, until ")
    assert told[26:] == [
        "approved: all that was needed is there",
        "decided again, on what was known by then",
        "permitted by writes; risk 58 of 100, medium",
        "known: reason “spring cleaning”",
        "outcome done, 15 rows, 1.5 ms",
        "completed: done, 15 rows",
    ]


def test_explain_still_tells_entries_of_an_older_form(
    signed_in: FakeServer, capsys: Capture
) -> None:
    touch = {"resource": "Table public.carts", "verb": "sql.delete", "columns": ["id"]}
    factors = [{"points": 38, "reason": "it touches every row", "status": "observed"}]
    evidence = {"groups": ["engineers"], "grants": ["grt_1"], "history": []}
    facts = {"action": "act_1", "score": 38, "level": "medium", "outcome": "permit"}
    story = [
        entry_json("attempt", facts={"verb": "sql.delete"}, payload={"touches": [touch]}),
        entry_json("decision", facts=facts, payload={"factors": factors, "evidence": evidence}),
    ]
    signed_in.answer(f"GET /v1/explain/{REQUEST_ID}", 200, {"entries": story})
    assert run(["explain", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    assert "touches Table public.carts (id): sql.delete" in out
    assert " +38  it touches every row" in out
    assert "known: in the groups engineers" in out
    assert "known: holds grt_1" in out


def test_explain_shows_kinds_that_it_does_not_know_with_all_that_they_say(
    signed_in: FakeServer, capsys: Capture
) -> None:
    entry = entry_json("moon.risen", facts={"phase": "full"}, payload={"seen": ["by", "ana"]})
    signed_in.answer(f"GET /v1/explain/{REQUEST_ID}", 200, {"entries": [entry]})
    assert run(["explain", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    assert "moon.risen  ana\n  phase full\n  seen:\n    - by\n    - ana\n" in out
