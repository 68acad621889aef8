"""The law of masks, on a real server through a real gateway: no secret ever comes out.

Compared with what the database itself answers, over random queries: what is not masked is the
same, what is masked is not there, in rows, in errors and in notices.
"""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import asyncpg
import psycopg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop
from masked_queries import MASKED, SCHEMA, Queries, secrets_in

_NAME = "masked"
QUERIES = 220
_POLICY = """
@id("open") permit (principal, action in [Action::"access.request", Action::"session.open"],
                    resource == Target::"shop");
@id("all") @mask("test.secret: {how}") @mask_inference("{inference}")
permit (principal, action in [Action::"read", Action::"write"], resource in Target::"shop");
@id("unseen") permit (principal, action == Action::"sql.unknown", resource in Target::"shop");
"""


@pytest.fixture(scope="module")
def masked_shop(shop: Shop) -> Shop:
    """The shop, with a schema of secrets."""
    shop.run(f"CREATE SCHEMA {_NAME}; SET search_path = {_NAME}; {SCHEMA}")
    return shop


def _serving(how: str, inference: str, template: World, folder: Any) -> Any:
    labels = "".join(f'"{_NAME}.{name}" = ["{label}"]\n' for name, label in MASKED.items())
    created = gateway_world.create_world(
        folder / how,
        template,
        policies={"all.cedar": _POLICY.format(how=how, inference=inference)},
        change=[(r"\[targets\.labels\]\n", "[targets.labels]\n" + labels)],
    )
    return gateway_world.serving(created)


@pytest.fixture(scope="module")
def lenient(
    masked_shop: Shop, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that masks, and lets conditions look at what is masked."""
    with _serving("redact", "allow", template, tmp_path_factory.mktemp("masks")) as running:
        yield running


@pytest.fixture(scope="module")
def strict(
    masked_shop: Shop, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that masks by NULL, and refuses what would tell by a condition."""
    with _serving("null", "refuse", template, tmp_path_factory.mktemp("masks")) as running:
        yield running


def _rows(connection: "psycopg.Connection[Any]", text: str, *, binary: bool) -> list[Any] | str:
    """Return the rows of a query, or the words of its error."""
    try:
        return list(connection.execute(text, binary=binary).fetchall())
    except psycopg.Error as error:
        diagnostics = error.diag
        words = [diagnostics.sqlstate, str(error), diagnostics.message_detail, diagnostics.context]
        return " ".join(word for word in words if word)


def _compare(direct: list[Any], through: list[Any], masked: set[int]) -> None:
    """Check that what is not masked is the same. Rows without an order may come in another one."""
    assert len(direct) == len(through)
    if not direct:
        return
    kept = [place for place in range(len(direct[0])) if place not in masked]
    assert sorted(str([row[place] for place in kept]) for row in through) == sorted(
        str([row[place] for place in kept]) for row in direct
    )


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("binary", [False, True])
def test_no_secret_comes_out_of_any_query(
    masked_shop: Shop, lenient: Gateway, seed: int, binary: bool
) -> None:
    """Refused is fine, and so is masked; but most of what is asked must still be answered."""
    credential = lenient.connect_as("ana")
    answered = 0
    direct_url = masked_shop.database
    with (
        psycopg.connect(credential.url, autocommit=True) as through,
        psycopg.connect(
            host=direct_url.host,
            port=direct_url.port,
            user=direct_url.user,
            password=direct_url.password.reveal(),
            dbname=direct_url.name,
            autocommit=True,
        ) as direct,
    ):
        told: list[str] = []
        through.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        for text in itertools.islice(Queries(seed, _NAME), QUERIES):
            shown = _rows(through, text, binary=binary)
            assert not secrets_in(str(shown)), text
            expected = _rows(direct, text, binary=binary)
            if isinstance(shown, str) or isinstance(expected, str):
                continue
            answered += 1
            hidden = {
                place
                for row in expected
                for place, value in enumerate(row)
                if secrets_in(str(value))
            }
            # What differs was masked; what was not a secret may be masked for what it reads.
            changed = {
                place
                for place in range(len(expected[0]) if expected else 0)
                if any(row[place] in (None, "***") for row in shown)
            }
            assert hidden <= changed, text
            if "LIMIT" not in text:
                _compare(expected, shown, changed)
        assert not secrets_in(" ".join(told))
    assert answered > QUERIES // 3


def test_a_client_that_uses_binary_prepared_statements_gets_none_either(lenient: Gateway) -> None:
    credential = lenient.connect_as("ana")

    async def ask() -> int:
        connection = await gateway_world.asyncpg_connect(credential)
        answered = 0
        try:
            for text in itertools.islice(Queries(3, _NAME), QUERIES // 2):
                shown: object
                try:
                    shown = [tuple(row) for row in await connection.fetch(text)]
                    answered += 1
                except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    shown = error
                assert not secrets_in(str(shown)), text
        finally:
            await connection.close()
        return answered

    assert asyncio.run(ask()) > QUERIES // 6


@pytest.mark.parametrize("form", ["", " WITH (FORMAT csv, HEADER)", " WITH (FORMAT binary)"])
@pytest.mark.parametrize(
    "what",
    [
        "{schema}.people",
        "{schema}.people (name, secret, town)",
        "(SELECT id, secret, upper(secret), pin FROM {schema}.people)",
        "(SELECT loud, label FROM {schema}.deep)",
        "{schema}.visits_1",
    ],
)
def test_no_secret_is_copied_out(lenient: Gateway, what: str, form: str) -> None:
    credential = lenient.connect_as("ana")
    with psycopg.connect(credential.url, autocommit=True) as connection:
        text = f"COPY {what.format(schema=_NAME)} TO STDOUT{form}"
        with connection.cursor() as cursor, cursor.copy(text) as copy:
            data = b"".join(bytes(block) for block in copy)
    assert data
    assert b"SECRET" not in data
    assert (700000007).to_bytes(4, "big") not in data
    assert b"700000007" not in data


def _refused(credential: Credential, text: str) -> str:
    with psycopg.connect(credential.url, autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(text)
        return f"{caught.value.sqlstate} {caught.value}"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name FROM {s}.people WHERE secret LIKE 'S%'",
        "SELECT name FROM {s}.people ORDER BY secret",
        "SELECT count(*) FROM {s}.people GROUP BY secret",
        "SELECT p.name FROM {s}.people p JOIN {s}.visits v ON v.code = p.secret",
        "SELECT DISTINCT secret FROM {s}.people",
        "SELECT secret FROM {s}.people UNION SELECT code FROM {s}.visits",
        "CREATE TABLE {s}.copied AS SELECT secret FROM {s}.people",
        "INSERT INTO {s}.visits (id, note) SELECT 900 + id, secret FROM {s}.people",
        "UPDATE {s}.people SET name = secret",
        "SELECT 1 FROM {s}.people HAVING max(secret) > 'A'",
    ],
)
def test_what_would_tell_of_a_secret_by_a_condition_or_keep_it_is_refused(
    strict: Gateway, text: str
) -> None:
    said = _refused(strict.connect_as("ana"), text.format(s=_NAME))
    assert said.startswith("42501")
    assert "masked" in said or "no policy permits" in said


def test_errors_do_not_tell_of_secrets(lenient: Gateway) -> None:
    said = _refused(lenient.connect_as("ana"), f"SELECT secret::integer FROM {_NAME}.people")
    assert said.startswith("22P02")
    assert not secrets_in(said)


def test_cursors_and_prepared_statements_keep_masks(lenient: Gateway) -> None:
    credential = lenient.connect_as("ana")
    with psycopg.connect(credential.url) as connection:
        connection.execute(f"DECLARE c CURSOR FOR SELECT secret, name FROM {_NAME}.people")
        rows = connection.execute("FETCH 3 FROM c").fetchall()
        assert len(rows) == 3
        assert not secrets_in(str(rows))
        connection.execute(f"PREPARE p AS SELECT secret, name FROM {_NAME}.people")
        rows = connection.execute("EXECUTE p").fetchall()
        assert len(rows) == 12
        assert not secrets_in(str(rows))
        with connection.cursor("named") as cursor:
            cursor.execute(f"SELECT secret, pin, name FROM {_NAME}.people")
            rows = cursor.fetchall()
            assert [row[2] for row in rows]
            assert not secrets_in(str(rows))
