"""Random queries over tables with secrets in them, for the law that no secret comes out.

Every secret is a text or a number that occurs nowhere else, so that it is known by sight.
"""

import random
import re
from collections.abc import Iterator

SCHEMA = """
CREATE TABLE people (id integer PRIMARY KEY, name text, secret text, pin integer, town text);
CREATE TABLE visits (id integer PRIMARY KEY, person integer REFERENCES people, note text,
                     code text, cost integer) PARTITION BY RANGE (id);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (20);
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (20) TO (1000);
INSERT INTO people SELECT n, 'name ' || n, 'SECRET' || n * 7919, 700000000 + n * 7, 'town ' || n % 3
  FROM generate_series(1, 12) n;
INSERT INTO visits SELECT n, 1 + n % 12, 'note ' || n, 'SECRET' || n * 104729, n * 3
  FROM generate_series(1, 40) n;
CREATE VIEW towns AS SELECT town, count(*) AS many, max(secret) AS most FROM people GROUP BY town;
CREATE VIEW cards AS SELECT p.id, p.name AS label, p.secret AS hidden, v.cost
  FROM people p JOIN visits v ON v.person = p.id;
CREATE VIEW deep AS SELECT id, label, upper(hidden) AS loud, cost FROM cards;
CREATE FUNCTION secret_of(integer) RETURNS text LANGUAGE sql STABLE
  AS 'SELECT secret FROM people WHERE id = $1';
"""
MASKED = {
    "people.secret": "test.secret",
    "people.pin": "test.secret",
    "visits.code": "test.secret",
    "visits_1.code": "test.secret",
    "visits_2.code": "test.secret",
}
_SECRETS = re.compile(r"SECRET\d+|7000000\d\d|[sS]ecret\d\d+")


def secrets_in(text: str) -> list[str]:
    """Return the secrets that a text shows."""
    return _SECRETS.findall(text)


TABLES = {
    "people": ("id", "name", "secret", "pin", "town"),
    "visits": ("id", "person", "note", "code", "cost"),
    "visits_1": ("id", "person", "note", "code", "cost"),
    "towns": ("town", "many", "most"),
    "cards": ("id", "label", "hidden", "cost"),
    "deep": ("id", "label", "loud", "cost"),
}


class Queries:
    """Queries of one seed, without end. schema: where the tables are."""

    def __init__(self, seed: int, schema: str) -> None:
        self._luck = random.Random(seed)
        self._schema = schema

    def __iter__(self) -> Iterator[str]:
        while True:
            yield self.query()

    def query(self, depth: int = 2) -> str:
        """Return one query."""
        kind = self._luck.randrange(10)
        if depth and kind == 0:
            columns = self._luck.randint(1, 2)
            arms = [self._select(depth - 1, columns) for _ in range(2)]
            word = self._luck.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT ALL"))
            return f" {word} ".join(f"(SELECT {', '.join(one)} {rest})" for one, rest in arms)
        if depth and kind == 1:
            return f"WITH w AS ({self.query(depth - 1)}) SELECT * FROM w"
        if depth and kind == 2:
            return f"SELECT q.* FROM ({self.query(depth - 1)}) q LIMIT 5"
        if kind == 3:
            return self._grouped()
        if kind == 4:
            return self._whole_rows()
        outputs, rest = self._select(depth)
        distinct = "DISTINCT " if self._luck.random() < 0.1 else ""
        return f"SELECT {distinct}{', '.join(outputs)} {rest}{self._order(len(outputs))}"

    def _select(self, depth: int, columns: int = 0) -> tuple[list[str], str]:
        """Return output expressions, all of them texts where `columns` says how many, and FROM."""
        tables = self._luck.sample(list(TABLES), self._luck.choice((1, 1, 2)))
        sources = {f"t{place}": table for place, table in enumerate(tables)}
        froms = [f"{self._schema}.{table} {alias}" for alias, table in sources.items()]
        wanted = columns or self._luck.randint(1, 4)
        outputs = [self._expression(sources, depth) for _ in range(wanted)]
        if columns:
            outputs = [f"({one})::text" for one in outputs]
        return outputs, f"FROM {', '.join(froms)}{self._where(sources)}"

    def _column(self, sources: dict[str, str]) -> str:
        alias = self._luck.choice(list(sources))
        return f"{alias}.{self._luck.choice(TABLES[sources[alias]])}"

    def _expression(self, sources: dict[str, str], depth: int) -> str:
        column = self._column(sources)
        other = self._column(sources)
        choices = [
            column, column, column, column,
            f"upper({column}::text)",
            f"{column}::text || '/' || {other}::text",
            f"CASE WHEN {column} IS NULL THEN 'none' ELSE {other}::text END",
            f"coalesce({column}::text, {other}::text)",
            f"md5({column}::text)",
            f"length({column}::text)",
            f"array[{column}::text, {other}::text]",
            f"row({column}, {other})",
            f"json_build_object('a', {column}, 'b', {other})",
            f"(SELECT max(x.secret) FROM {self._schema}.people x WHERE x.name <> {column}::text)",
            f"first_value({column}) OVER (ORDER BY {other})",
            f"{self._schema}.secret_of(3)",
            "'plain'",
            "42",
        ]  # fmt: skip
        return self._luck.choice(choices)

    def _where(self, sources: dict[str, str]) -> str:
        column, other = self._column(sources), self._column(sources)
        return self._luck.choice(
            (
                "",
                "",
                f" WHERE {column} IS NOT NULL",
                f" WHERE {column}::text <> {other}::text",
                f" WHERE {column}::text LIKE '%1%'",
                f" WHERE {column}::text IN (SELECT code FROM {self._schema}.visits)",
            )
        )

    def _order(self, outputs: int) -> str:
        if self._luck.random() < 0.6:
            return " LIMIT 20"
        return f" ORDER BY {self._luck.randint(1, outputs)} LIMIT 20"

    def _grouped(self) -> str:
        table = self._luck.choice(list(TABLES))
        by, of = self._luck.choice(TABLES[table]), self._luck.choice(TABLES[table])
        aggregate = self._luck.choice(("max", "min", "array_agg", "count", "json_agg"))
        having = self._luck.choice(("", f" HAVING min({of}::text) > ''"))
        return f"SELECT {by}, {aggregate}({of}) FROM {self._schema}.{table} GROUP BY 1{having}"

    def _whole_rows(self) -> str:
        table = self._luck.choice(list(TABLES))
        full = f"{self._schema}.{table}"
        return self._luck.choice(
            (
                f"SELECT * FROM {full} LIMIT 9",
                f"SELECT t FROM {full} t LIMIT 9",
                f"SELECT (t).* FROM {full} t LIMIT 9",
                f"SELECT row_to_json(t) FROM {full} t LIMIT 9",
                f"SELECT t::text FROM {full} t LIMIT 9",
                f"TABLE {full}",
                f"SELECT x.* FROM {full} x LEFT JOIN LATERAL (SELECT x.id) y ON true LIMIT 9"
                if "id" in TABLES[table]
                else f"SELECT * FROM {full} NATURAL JOIN {full} AS again",
            )
        )
