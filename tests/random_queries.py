"""Random queries over a small schema: nested, correlated, joined, grouped, and mostly valid."""

import random
from collections.abc import Callable
from typing import Any

TABLES = {
    "a": {"id": "int", "x": "int", "s": "text"},
    "b": {"id": "int", "y": "int", "s": "text"},
    "c": {"id": "int", "x": "int", "t": "text"},
}
VIEWS = {
    "v": "select a.id, a.x + b.y as z, b.s from a join b on a.id = b.id",
    "w": "select v.z as x, count(*) as n, max(v.s) as s from v group by v.z",
    "u": "select id, s from a union all select id, t from c where x > 1",
}
_VIEW_COLUMNS = {
    "v": {"id": "int", "z": "int", "s": "text"},
    "w": {"x": "int", "n": "int", "s": "text"},
    "u": {"id": "int", "s": "text"},
}

Columns = list[tuple[str, str]]  # names as they can be written here, and types
_DEEPEST = 3


class RandomQueries:
    """Makes queries by luck. luck: what decides."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._number = 0
        self._queries: list[dict[str, Columns]] = [{}]

    def query(self) -> str:
        """Return one statement with a result."""
        self._number = 0
        kind = self._luck.random()
        if kind < 0.12:
            return self._change()
        return self._select([], 0)[0]

    def _name(self, start: str = "n") -> str:
        self._number += 1
        return f"{start}{self._number}"

    def _one(self, *makers: Callable[[], Any]) -> Any:
        return self._luck.choice(makers)()

    def _maybe(self, chance: float) -> bool:
        return self._luck.random() < chance

    # Queries

    def _select(
        self, outer: Columns, depth: int, types: list[str] | None = None
    ) -> tuple[str, Columns]:
        """Return a query and its columns; types: what it has to give."""
        prefix = ""
        self._queries.append(dict(self._queries[-1]))
        if depth < _DEEPEST and self._maybe(0.2):
            prefix = self._with(outer, depth)
        if depth < _DEEPEST and self._maybe(0.15):
            text, columns = self._set(outer, depth, types)
        else:
            text, columns = self._plain(outer, depth, types)
        self._queries.pop()
        return prefix + text, columns

    def _with(self, outer: Columns, depth: int) -> str:
        name = self._name("q")
        if self._maybe(0.3):
            text, columns = self._select(outer, depth + 1, ["int", "text"])
            names = [self._name("r") for _ in columns]
            source, more = self._from(outer, depth + 1)
            number = self._expression("int", more, depth + 1)
            word = self._expression("text", [*more, (f"me.{names[1]}", "text")], depth + 1)
            again = (
                f"select {number}, {word} from {source}, {name} as me "
                f"where me.{names[0]} < {self._luck.randint(2, 6)}"
            )
            self._queries[-1][name] = list(zip(names, ["int", "text"], strict=True))
            return f"with recursive {name} ({', '.join(names)}) as (({text}) union {again}) "
        text, columns = self._select(outer, depth + 1)
        if self._maybe(0.5):
            names = [self._name("r") for _ in columns]
            columns = [(n, kind) for n, (_, kind) in zip(names, columns, strict=True)]
            head = f"with {name} ({', '.join(names)}) as ({text}) "
        else:
            head = f"with {name} as ({text}) "
        self._queries[-1][name] = columns
        return head

    def _set(self, outer: Columns, depth: int, types: list[str] | None) -> tuple[str, Columns]:
        types = types or [
            self._luck.choice(["int", "text"]) for _ in range(self._luck.randint(1, 3))
        ]
        left, columns = self._select(outer, depth + 1, types)
        right, _ = self._select(outer, depth + 1, types)
        word = self._luck.choice(["union", "union all", "intersect", "except", "except all"])
        text = f"({left}) {word} ({right})"
        if self._maybe(0.2):
            text += f" order by {self._luck.randint(1, len(types))} limit 2"
        return text, columns

    def _plain(self, outer: Columns, depth: int, types: list[str] | None) -> tuple[str, Columns]:
        source, own = self._from(outer, depth)
        seen = [*own, *outer]
        if self._maybe(0.25):
            return self._grouped(source, own, seen, depth, types)
        if types is None and self._maybe(0.1):
            names = [name.partition(".")[2] for name, _ in own]
            if len(set(names)) == len(names):
                text = f"select * from {source}" + self._where(seen, depth)
                return text, list(zip(names, (kind for _, kind in own), strict=True))
        wanted = types or [
            self._luck.choice(["int", "text"]) for _ in range(self._luck.randint(1, 3))
        ]
        columns, items = [], []
        for kind in wanted:
            name = self._name()
            text = self._window(own, seen, depth) if kind == "int" and self._maybe(0.1) else ""
            items.append(f"{text or self._expression(kind, seen, depth)} as {name}")
            columns.append((name, kind))
        distinct = ""
        if self._maybe(0.1):
            distinct = "distinct "
        text = f"select {distinct}{', '.join(items)} from {source}" + self._where(seen, depth)
        if self._maybe(0.2):
            place = self._luck.randint(1, len(columns))
            text += f" order by {self._luck.choice([str(place), columns[place - 1][0]])}"
            if self._maybe(0.5):
                text += ", 1" * bool(distinct)
                every = ", ".join(str(n + 1) for n in range(len(columns)))
                text += f", {every} limit {self._luck.randint(1, 4)}"
        return text, columns

    def _grouped(
        self, source: str, own: Columns, seen: Columns, depth: int, types: list[str] | None
    ) -> tuple[str, Columns]:
        keys = self._luck.sample(own, min(len(own), self._luck.randint(0, 2)))
        columns, items = [], []
        for kind in types or ["int", "text"][: self._luck.randint(1, 2)]:
            name = self._name()
            fitting = [key for key, of in keys if of == kind]
            if fitting and self._maybe(0.5):
                text = self._luck.choice(fitting)
            else:
                text = self._aggregate(kind, own, depth)
            items.append(f"{text} as {name}")
            columns.append((name, kind))
        text = f"select {', '.join(items)} from {source}" + self._where(seen, depth)
        if keys:
            text += " group by " + ", ".join(key for key, _ in keys)
        if self._maybe(0.3):
            text += f" having {self._aggregate('int', own, depth)} > {self._luck.randint(0, 4)}"
        return text, columns

    def _aggregate(self, kind: str, own: Columns, depth: int) -> str:
        value = self._expression(kind, own, depth + 1)
        roll = self._luck.random()
        if roll < 0.25:
            order = self._expression("int", own, _DEEPEST)
            return f"(array_agg({value} order by {order}, {value}))[1]"
        text = self._luck.choice(["max", "min"]) + f"({value})"
        if kind == "int" and roll < 0.4:
            text = f"count({value})"
        if self._maybe(0.3):
            text += f" filter (where {self._condition(own, _DEEPEST)})"
        return text

    def _window(self, own: Columns, seen: Columns, depth: int) -> str:
        numbers = [name for name, kind in own if kind == "int"] or ["1"]
        call = self._luck.choice(["sum({})", "count({})", "max({})"])
        call = call.format(self._luck.choice(numbers))
        parted = self._expression(self._luck.choice(["int", "text"]), own, _DEEPEST)
        ordered = self._expression("int", own, _DEEPEST)
        return f"{call} over (partition by {parted} order by {ordered})"

    # FROM

    def _from(self, outer: Columns, depth: int) -> tuple[str, Columns]:
        text, columns = self._item(outer, depth)
        while self._maybe(0.35):
            roll = self._luck.random()
            if roll < 0.25 and depth < _DEEPEST:
                more, extra = self._select([*columns, *outer], depth + 1)
                alias = self._name("l")
                text += f" cross join lateral ({more}) as {alias}"
                columns = [*columns, *((f"{alias}.{name}", kind) for name, kind in extra)]
                continue
            other, extra = self._item(outer, depth)
            shared = sorted(
                {name.partition(".")[2] for name, kind in columns if kind == "int"}
                & {name.partition(".")[2] for name, kind in extra if kind == "int"}
            )
            ours = [name.partition(".")[2] for name, _ in columns]
            shared = [name for name in shared if ours.count(name) == 1]
            both = [*columns, *extra]
            if roll < 0.5 and shared:
                word = self._luck.choice(["join", "left join", "right join", "full join"])
                text += f" {word} {other} using ({shared[0]})"
                both = [*both, (f"{shared[0]}", "int")] if not outer else both
            elif roll < 0.8:
                word = self._luck.choice(["join", "left join", "right join"])
                text += f" {word} {other} on {self._condition(both, _DEEPEST)}"
            else:
                text += f" cross join {other}"
            columns = both
            if len(columns) > 12:
                break
        return text, [one for one in columns if "." in one[0] or self._maybe(0.9)]

    def _item(self, outer: Columns, depth: int) -> tuple[str, Columns]:
        alias = self._name("f")
        known = self._queries[-1]
        if known and self._maybe(0.5):
            name = self._luck.choice(sorted(known))
            return f"{name} as {alias}", [(f"{alias}.{n}", kind) for n, kind in known[name]]
        if depth < _DEEPEST and self._maybe(0.25):
            text, columns = self._select(outer, depth + 1)
            if self._maybe(0.4):
                names = [self._name("k") for _ in columns]
                columns = [(n, kind) for n, (_, kind) in zip(names, columns, strict=True)]
                return (
                    f"({text}) as {alias} ({', '.join(names)})",
                    [(f"{alias}.{n}", kind) for n, kind in columns],
                )
            return f"({text}) as {alias}", [(f"{alias}.{n}", kind) for n, kind in columns]
        if self._maybe(0.08):
            value = self._expression("int", outer, _DEEPEST)
            return f"(values ({value}, 'k'), (2, 'm')) as {alias} (p, q)", [
                (f"{alias}.p", "int"),
                (f"{alias}.q", "text"),
            ]
        every = TABLES | _VIEW_COLUMNS
        table = self._luck.choice(sorted(every))
        return f"{table} as {alias}", [(f"{alias}.{n}", kind) for n, kind in every[table].items()]

    # Expressions

    def _where(self, seen: Columns, depth: int) -> str:
        return f" where {self._condition(seen, depth)}" if self._maybe(0.4) else ""

    def _condition(self, seen: Columns, depth: int) -> str:
        roll = self._luck.random()
        if roll < 0.2 and depth < _DEEPEST:
            text, _ = self._select(seen, depth + 1)
            return f"exists ({text})"
        if roll < 0.4 and depth < _DEEPEST:
            text, _ = self._select(seen, depth + 1, ["int"])
            return f"{self._expression('int', seen, depth + 1)} in ({text})"
        left, right = (self._expression("int", seen, depth + 1) for _ in range(2))
        if roll < 0.6:
            return f"{left} < {right} or {left} is null"
        return f"{left} {self._luck.choice(['=', '<', '<>', '>='])} {right}"

    def _expression(self, kind: str, seen: Columns, depth: int) -> str:
        fitting = [name for name, of in seen if of == kind]
        roll = self._luck.random()
        if depth >= _DEEPEST or roll < 0.5:
            if fitting and self._maybe(0.9):
                return self._luck.choice(fitting)
            return str(self._luck.randint(1, 3)) if kind == "int" else "'k'"
        if roll < 0.62:
            text, _ = self._select(seen, depth + 1, [kind])
            if self._maybe(0.5):
                call = "max" if self._maybe(0.5) else "min"
                return f"(select {call}(one) from ({text}) as {self._name('e')} (one))"
            return f"(select one from ({text}) as {self._name('e')} (one) order by 1 limit 1)"
        again = self._expression(kind, seen, depth + 1)
        other = self._expression(kind, seen, depth + 1)
        if roll < 0.75:
            condition = self._condition(seen, depth + 1)
            return f"case when {condition} then {again} else {other} end"
        if roll < 0.85:
            return f"coalesce({again}, {other})"
        if kind == "int":
            return f"({again} + {other})" if roll < 0.95 else f"length({again}::text)"
        return f"upper({again})" if roll < 0.95 else f"({again} || {other})"

    # Changes

    def _change(self) -> str:
        table = self._luck.choice(sorted(TABLES))
        own = [(f"{table}.{name}", kind) for name, kind in TABLES[table].items()]
        items = [
            f"{self._expression(kind, own, 1)} as {self._name()}"
            for kind in self._luck.choices(["int", "text"], k=2)
        ]
        listed = ", ".join(self._luck.choice([[*items], ["*"], [*items, f"old.{own[0][0][2:]}"]]))
        if self._maybe(0.4):
            types = list(TABLES[table].values())
            text, _ = self._select([], 1, types)
            return f"insert into {table} {text} returning {listed}"
        if self._maybe(0.3):
            return f"delete from {table}{self._where(own, 1)} returning {listed}"
        source, more = self._item([], 1)
        column, kind = self._luck.choice(sorted(TABLES[table].items()))
        value = self._expression(kind, [*own, *more], 1)
        key = next((name for name, of in more if of == "int"), "1")
        return (
            f"update {table} set {column} = {value} from {source} "
            f"where {table}.id = {key} returning {listed}"
        )
