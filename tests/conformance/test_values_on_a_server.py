"""What binary values are shown as, beside what PostgreSQL itself says of them."""

import asyncio

import pytest

from assent.protocols.postgres.values import text_of
from gateway_world import Shop

VALUES = [
    (16, "bool", "true"),
    (16, "bool", "false"),
    (20, "int8", "'-9223372036854775808'"),
    (21, "int2", "-7"),
    (23, "int4", "42"),
    (25, "text", "'naïve'"),
    (26, "oid", "4294967295"),
    (114, "json", """'{"a": 1}'"""),
    (700, "float4", "0.1"),
    (700, "float4", "16777216"),
    (701, "float8", "0.1"),
    (701, "float8", "-2.5e-05"),
    (1042, "bpchar", "'x'"),
    (1043, "varchar", "'x'"),
    (1082, "date", "'1999-12-31'"),
    (1114, "timestamp", "'2026-11-22 03:14:15.123456'"),
    (1184, "timestamptz", "'1900-01-01 00:00:00+00'"),
    (1700, "numeric", "0"),
    (1700, "numeric", "-12345678.90123"),
    (1700, "numeric", "1e40"),
    (1700, "numeric", "0.00001"),
    (1700, "numeric", "10000"),
    (1700, "numeric", "'NaN'"),
    (2950, "uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
    (3802, "jsonb", """'{"a": [1, null]}'"""),
]
SEND = {
    "bpchar": "bpcharsend",
    "date": "date_send",
    "oid": "oidsend",
    "timestamp": "timestamp_send",
}
SEND |= {"timestamptz": "timestamptz_send", "numeric": "numeric_send", "uuid": "uuid_send"}
SEND |= {"json": "json_send", "jsonb": "jsonb_send"}


@pytest.mark.parametrize(("kind", "name", "value"), VALUES)
def test_a_value_reads_as_the_server_writes_it(
    shop: Shop, kind: int, name: str, value: str
) -> None:
    async def ask() -> tuple[bytes, str, int]:
        connection = await shop.database.connect()
        try:
            send = SEND.get(name, f"{name}send")
            row = await connection.fetchrow(
                f"select {send}({value}::{name}), ({value}::{name})::text, '{name}'::regtype::oid"
            )
            return row[0], row[1], row[2]
        finally:
            await connection.close()

    sent, written, number = asyncio.run(ask())
    assert number == kind
    shown = text_of(kind, sent)
    if kind in (700, 701):
        # The server changes to an exponent earlier.
        assert float(shown) == float(written)
    else:
        assert _plain(shown) == _plain(written)


def _plain(text: str) -> str:
    # The server writes as many zeros behind the point as the value was given with.
    return text.rstrip("0").rstrip(".") if "." in text else text
