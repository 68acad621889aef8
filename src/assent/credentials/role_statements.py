"""The commands that make a role for a set of privileges, and one for a session. Texts only.

Nothing that a client sent is in them: names are the catalogue's, and everything is quoted.
"""

import base64
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from assent.core.canonical import Json, canonical_bytes
from assent.core.secret import Secret
from assent.credentials.quoting import identifier, literal, qualified

SESSION_PREFIX = "assent_s_"
SET_PREFIX = "assent_set_"
KEEPER = "assent_kept"
"""Owns what sessions made and left behind, and may do nothing."""

_VERBS = {
    "sql.read": "select",
    "sql.insert": "insert",
    "sql.update": "update",
    "sql.delete": "delete",
    "sql.truncate": "truncate",
}
USAGE = "usage"
_BY_COLUMN = frozenset({"select", "insert", "update"})
_ITERATIONS = 4096
_TABLES_A_COMMAND = 200
_SET_OPTION_SINCE = 160000


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or sequence as the server has it now. grantable: what we may pass on.

    numbers: column → its number, for the columns that were asked about and are there.
    """

    oid: int
    schema: str
    name: str
    kind: str
    grantable: frozenset[str]
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege on one relation. columns: none for the whole of it."""

    privilege: str
    relation: Relation
    columns: tuple[str, ...] = ()

    def identity(self) -> list[Json]:
        """Return what tells it from any other, also from one on a table of the same name."""
        relation = self.relation
        numbers: list[Json] = [relation.numbers.get(column, 0) for column in self.columns]
        columns: list[Json] = list(self.columns)
        return [self.privilege, relation.oid, relation.schema, relation.name, columns, numbers]


def wanted(
    relation: Relation, verbs: Mapping[str, frozenset[str]], *, read_only: bool
) -> tuple[list[Grant], list[str]]:
    """Return the grants for one relation, and the privileges that we cannot pass on."""
    found, lacking = [], []
    for verb, columns in sorted(verbs.items()):
        privilege = _VERBS.get(verb)
        if privilege is None or (read_only and privilege != "select"):
            continue
        if relation.kind == "S":
            # Of a sequence only `select` and `update` mean anything; nextval needs the latter.
            if privilege not in ("select", "update"):
                continue
            columns = frozenset("*")
        known = tuple(sorted(column for column in columns if column in relation.numbers))
        by_column = "*" not in columns and privilege in _BY_COLUMN
        if by_column and not known:
            continue
        if privilege in relation.grantable:
            found.append(Grant(privilege, relation, known if by_column else ()))
        else:
            lacking.append(privilege)
    return found, lacking


def set_name(database: str, grants: Iterable[Grant]) -> str:
    """Return the name of the role that holds these grants: equal sets have equal names."""
    identities = sorted((grant.identity() for grant in grants), key=json.dumps)
    content: list[Json] = [database, list(identities)]
    return SET_PREFIX + hashlib.sha256(canonical_bytes(content)).hexdigest()[:32]


def set_role(name: str, database: str, made_at_s: int, grants: Sequence[Grant]) -> str:
    """Return the commands that make the role of a set of privileges."""
    role = identifier(name)
    comment = json.dumps({"assent": "set", "database": database, "made_at_s": made_at_s})
    schemas = sorted({grant.relation.schema for grant in grants})
    lines = [f"create role {role} nologin", f"comment on role {role} is {literal(comment)}"]
    for start in range(0, len(schemas), _TABLES_A_COMMAND):
        names = ", ".join(map(identifier, schemas[start : start + _TABLES_A_COMMAND]))
        lines.append(f"grant usage on schema {names} to {role}")
    lines += _granted(role, grants)
    return ";\n".join(lines)


def _granted(role: str, grants: Sequence[Grant]) -> list[str]:
    """Return GRANTs of few words: relations that get the same are named together."""
    by_relation: dict[int, list[Grant]] = defaultdict(list)
    for grant in grants:
        by_relation[grant.relation.oid].append(grant)
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for same in by_relation.values():
        relation = same[0].relation
        words = ", ".join(sorted(map(_privilege, same)))
        kind = "sequence" if relation.kind == "S" else "table"
        alike[kind, words].append(qualified(relation.schema, relation.name))
    lines = []
    for (kind, words), names in sorted(alike.items()):
        names.sort()
        for start in range(0, len(names), _TABLES_A_COMMAND):
            listed = ", ".join(names[start : start + _TABLES_A_COMMAND])
            lines.append(f"grant {words} on {kind} {listed} to {role}")
    return lines


def _privilege(grant: Grant) -> str:
    if not grant.columns:
        return grant.privilege
    return f"{grant.privilege} ({', '.join(map(identifier, grant.columns))})"


@dataclass(frozen=True, slots=True)
class SessionRole:
    """What a session's role is made of. valid_until: as the server's clock has it, as text.

    comment: what the sweep goes by.
    """

    name: str
    member_of: str
    verifier: str
    valid_until: str
    comment: Mapping[str, Json]
    read_only: bool
    timeout: timedelta | None
    search_path: Sequence[str]


def session_role(session: SessionRole, version: int) -> str:
    """Return the commands that make a role for one session. version: of the server, as a number."""
    role = identifier(session.name)
    lines = [
        f"create role {role} login inherit connection limit 1 "
        f"password {literal(session.verifier)} valid until {literal(session.valid_until)}",
        f"comment on role {role} is {literal(json.dumps(dict(session.comment)))}",
        # Since 16 a member need not be able to become the role that it has its rights from.
        f"grant {identifier(session.member_of)} to {role}"
        + (" with inherit true, set false" if version >= _SET_OPTION_SINCE else ""),
    ]
    settings = {"search_path": ", ".join(map(identifier, session.search_path)) or "''"}
    if session.read_only:
        settings["default_transaction_read_only"] = "on"
    if session.timeout is not None:
        milliseconds = max(1, int(session.timeout.total_seconds() * 1000))
        settings["statement_timeout"] = str(milliseconds)
    lines += [f"alter role {role} set {name} to {value}" for name, value in settings.items()]
    return ";\n".join(lines)


def join(role: str, version: int) -> str:
    """Return the command by which we may act on what a role owns and runs."""
    options = " with inherit true" if version >= _SET_OPTION_SINCE else ""
    return f"grant {identifier(role)} to current_user{options}"


def scram_verifier(password: Secret[str], salt: bytes) -> str:
    """Return what PostgreSQL keeps of an ASCII password, so that it never hears the password.

    Source: RFC 5802, section 3; PostgreSQL, `pg_authid.rolpassword`.
    """
    secret = password.reveal().encode("ascii")
    salted = hashlib.pbkdf2_hmac("sha256", secret, salt, _ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"
