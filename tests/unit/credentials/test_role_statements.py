"""The texts that make roles: few commands, and nothing in them that was not quoted."""

import base64
from datetime import timedelta

from assent.core.lease import Lease
from assent.core.plugins import Identified, Verifier
from assent.core.secret import Secret
from assent.credentials import role_statements as statements
from assent.credentials.role_statements import Grant, Relation, SessionRole
from assent.protocols.postgres.scram import ScramClient, ScramServer

EVERY = frozenset({"select", "insert", "update", "delete", "truncate"})
ALL = frozenset("*")


def a_relation(oid: int = 1, name: str = "orders", kind: str = "r", **numbers: int) -> Relation:
    return Relation(oid, "public", name, kind, EVERY, numbers)


def words(
    relation: Relation, verbs: dict[str, frozenset[str]], *, read_only: bool = False
) -> set[tuple[str, tuple[str, ...]]]:
    found, _ = statements.wanted(relation, verbs, read_only=read_only)
    return {(grant.privilege, grant.columns) for grant in found}


def test_a_verb_becomes_the_privilege_of_that_name() -> None:
    verbs = {f"sql.{verb}": ALL for verb in ("read", "insert", "update", "delete", "truncate")}
    assert words(a_relation(), verbs) == {(privilege, ()) for privilege in EVERY}
    assert words(a_relation(), {"sql.drop": ALL, "sql.unknown": ALL}) == set()


def test_only_columns_that_are_there_are_named() -> None:
    relation = a_relation(id=1, item=2)
    verbs = {"sql.read": frozenset({"id", "item", "gone"}), "sql.update": frozenset({"gone"})}
    assert words(relation, verbs) == {("select", ("id", "item"))}


def test_read_only_leaves_nothing_but_reading() -> None:
    verbs = {"sql.read": ALL, "sql.delete": ALL}
    assert words(a_relation(), verbs, read_only=True) == {("select", ())}


def test_what_cannot_be_passed_on_is_said_and_left_out() -> None:
    relation = Relation(1, "public", "orders", "r", frozenset({"select"}), {})
    found, lacking = statements.wanted(
        relation, {"sql.read": ALL, "sql.delete": ALL}, read_only=False
    )
    assert [grant.privilege for grant in found] == ["select"]
    assert lacking == ["delete"]


def test_of_a_sequence_only_reading_and_updating_mean_anything() -> None:
    verbs = {"sql.read": ALL, "sql.update": frozenset({"x"}), "sql.delete": ALL}
    assert words(a_relation(kind="S"), verbs) == {("select", ()), ("update", ())}


def test_the_name_of_a_set_depends_on_what_it_grants_and_not_on_its_order() -> None:
    one, two = Grant("select", a_relation(1)), Grant("select", a_relation(2, "customers"))
    name = statements.set_name("shop", [one, two])
    assert name == statements.set_name("shop", [two, one])
    others = [
        statements.set_name("archive", [one, two]),
        statements.set_name("shop", [one]),
        statements.set_name("shop", [Grant("select", a_relation(3)), two]),
        statements.set_name("shop", [Grant("select", a_relation(1, id=1), ("id",)), two]),
        statements.set_name("shop", [Grant("select", a_relation(1, id=2), ("id",)), two]),
        statements.set_name("shop", [Grant("update", a_relation(1)), two]),
    ]
    assert len({name, *others}) == 7
    assert len(name) < 63


def test_tables_that_get_the_same_are_named_in_one_command() -> None:
    grants = [Grant("select", a_relation(number, f"t{number}")) for number in range(450)]
    text = statements.set_role("assent_set_x", "shop", 0, grants)
    assert text.count("grant select on table") == 3
    assert text.count("grant usage on schema") == 1


def test_everything_in_the_commands_is_quoted() -> None:
    relation = Relation(1, 'pub"lic', "t'; --", "r", EVERY, {'co"l': 1})
    text = statements.set_role("assent_set_x", "sh'op", 0, [Grant("select", relation, ('co"l',))])
    assert 'grant select ("co""l") on table "pub""lic"."t\'; --" to "assent_set_x"' in text
    assert "sh''op" in text


def a_role(**changes: object) -> SessionRole:
    usual: dict[str, object] = {
        "name": "assent_s_x", "member_of": "assent_set_x", "verifier": "SCRAM-SHA-256$x",
        "valid_until": "2026-01-01 00:00:00+00", "comment": {"assent": "session"},
        "read_only": False, "timeout": None, "search_path": ("public",),
    }  # fmt: skip
    return SessionRole(**{**usual, **changes})  # type: ignore[arg-type]


def test_a_session_role_has_one_connection_and_an_end() -> None:
    text = statements.session_role(a_role(), 180000)
    assert "login inherit connection limit 1" in text
    assert "valid until '2026-01-01 00:00:00+00'" in text
    assert "with inherit true, set false" in text
    assert "statement_timeout" not in text
    assert "read_only" not in text


def test_an_older_server_is_not_told_of_options_that_it_does_not_know() -> None:
    assert " with " not in statements.session_role(a_role(), 150000)
    assert " with " not in statements.join("assent_s_x", 150000)


def test_settings_of_a_session_become_the_roles() -> None:
    role = a_role(read_only=True, timeout=timedelta(milliseconds=1), search_path=('a"b', "c"))
    text = statements.session_role(role, 180000)
    assert "set default_transaction_read_only to on" in text
    assert "set statement_timeout to 1" in text
    assert 'set search_path to "a""b", "c"' in text
    assert "set search_path to ''" in statements.session_role(a_role(search_path=()), 180000)


def test_a_verifier_is_what_a_server_can_check_the_password_by() -> None:
    lease = Lease("x", Secret("pass word"))
    kept = statements.scram_verifier(lease.password, b"s" * 16)
    keys = kept.split("$")
    iterations, salt = keys[1].split(":")
    stored, server = (decode(key) for key in keys[2].split(":"))
    assert (keys[0], decode(salt)) == ("SCRAM-SHA-256", b"s" * 16)
    identified = Identified(b"s" * 16, int(iterations), (Verifier(stored, server),))
    at_server = ScramServer(identified, "server")
    client = ScramClient(lease.password, "client")
    proved = at_server.final(client.final(at_server.first(client.first())))
    assert proved is not None
    client.verify(proved.final)


def decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
