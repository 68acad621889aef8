"""What the statements of one session have done to the names that later ones use.

Whatever a statement may have done is added to what names may mean, and nothing is taken away:
whether the target took it, or rolled it back, is not seen. Settings, temporary relations and
what a transaction has made but not committed are in no catalogue.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from assent.core.action import Operation, Statement, Touch
from assent.core.resource import Resource
from assent.protocols.postgres.catalogue.knowledge import Reader
from assent.protocols.postgres.names import moved_names, union
from assent.protocols.postgres.statements.definitions import ANY_DEFINITION
from assent.protocols.postgres.statements.findings import SESSION
from assent.protocols.postgres.statements.names import TEMPORARY, split_full
from assent.protocols.postgres.statements.verbs import DANGER

MOST_PATHS = 8
MOST_NAMES = 256
_WRITES = frozenset({"sql.insert", "sql.update"})
_DEFINES = frozenset({"sql.create", "sql.alter", "sql.drop", "sql.grant", "sql.maintain"})
_CHANGES = frozenset({"sql.insert", "sql.update", "sql.delete", "sql.truncate", "sql.lock"})
# A table's new name is read as the old one: what is done to it, as a text that does it.
_TEXTS = {
    "sql.read": "SELECT {columns} FROM {}",
    "sql.insert": "INSERT INTO {} DEFAULT VALUES",
    "sql.delete": "DELETE FROM {}",
    "sql.truncate": "TRUNCATE {}",
    "sql.lock": "LOCK TABLE {}",
    "sql.maintain": "ANALYZE {}",
}
ReaderOf = Callable[[tuple[str, ...]], Reader]


class SessionNames:
    """Follows one session. path: of schemas, as it began. user: whom `$user` stands for.

    version: moves when later statements may mean something else than before.
    """

    __slots__ = ("_defined", "_paths", "_renamed", "_unsure", "_user", "version")

    def __init__(self, path: tuple[str, ...], user: str = "") -> None:
        self._user = user
        self._paths: list[tuple[str, ...]] = [path]
        self._defined: dict[str, list[Statement]] = {}
        self._renamed: dict[str, set[str]] = {}
        self._unsure = False
        self.version = 0

    @property
    def moved(self) -> bool:
        """Whether any name may mean something else than when the session began."""
        return self._unsure or len(self._paths) > 1 or bool(self._defined or self._renamed)

    def ran(self, statement: Statement) -> None:
        """A statement is let through."""
        filled = self._filled(statement) if self._defined else {}
        if not (statement.paths or statement.defines or statement.renames or filled):
            return
        self.version += 1
        for path in statement.paths:
            self._add_path(path)
        for name, does in (*statement.defines.items(), *filled.items()):
            known = self._defined.setdefault(name, [])
            if does not in known:
                known.append(does)
        for new, old in statement.renames:
            # What was renamed twice is still what it was at first.
            self._renamed.setdefault(new, set()).update({old} | self._renamed.get(old, set()))
        made = sum(map(len, self._defined.values())) + sum(map(len, self._renamed.values()))
        if made > MOST_NAMES:
            self._unsure = True
            self._defined.clear()
            self._renamed.clear()

    def _filled(self, statement: Statement) -> dict[str, Statement]:
        """Return which tables that were made here get rows, and of what they are made."""
        reads = tuple(touch for touch in statement.touches if touch.verb == "sql.read")
        written = {_bare(t.resource.name) for t in statement.touches if t.verb in _WRITES}
        if not (reads and written):
            return {}
        found = {}
        for name, known in self._defined.items():
            others = tuple(touch for touch in reads if _bare(touch.resource.name) != _bare(name))
            does = Statement("sql.create", others, complete=True)
            if _bare(name) in written and others and does not in known:
                found[name] = does
        return found

    def reported(self, value: str) -> None:
        """The target reports its search_path: a list of names, in quotes or not."""
        names = [name.strip() for name in value.split(",")]
        plain = all(name.count('"') in (0, 2) for name in names)
        path = tuple(name.strip('"') for name in names if name.strip('"'))
        before = len(self._paths), self._unsure
        self._add_path(path if plain else None)
        if (len(self._paths), self._unsure) != before:
            self.version += 1

    def refreshed(self) -> None:
        """The catalogue has been read anew, outside of any transaction of this session.

        Temporary relations are in nobody's catalogue.
        """
        self._defined = {
            name: does for name, does in self._defined.items() if name.startswith(TEMPORARY)
        }
        self._renamed = {new: old for new, old in self._renamed.items() if TEMPORARY in new}
        self.version += 1

    def read(self, reader_of_path: ReaderOf, text: str) -> Statement:
        """Return what a text does under everything that its names may mean."""
        readings = [reader_of_path(path).classify(text) for path in self._paths]
        if not (self.moved or readings[0].defines or readings[0].renames):
            return readings[0]
        statement = readings[0] if len(readings) == 1 else _either(readings)
        if self._unsure:
            statement = moved_names(statement)
        more = self._meanings(statement, reader_of_path(self._paths[0]))
        statement = self._without_temporary(statement)
        return _with(statement, more) if more else statement

    def _without_temporary(self, statement: Statement) -> Statement:
        """Return it without names that no catalogue will ever have: it is not worth asking."""
        temporary = {_bare(name) for name in self._defined if name.startswith(TEMPORARY)}
        if not temporary or not statement.unresolved:
            return statement
        left = frozenset(name for name in statement.unresolved if _bare(name) not in temporary)
        return replace(statement, unresolved=left)

    def _add_path(self, path: tuple[str, ...] | None) -> None:
        if path is not None and "$user" in path:
            path = tuple(self._user if name == "$user" else name for name in path)
            path = path if self._user else None
        if path is None or (path not in self._paths and len(self._paths) >= MOST_PATHS):
            self._unsure = True
        elif path not in self._paths:
            self._paths.append(path)

    def _meanings(self, statement: Statement, reader: Reader) -> list[Statement]:
        """Return readings of all that names in a statement may mean besides.

        What one of them names may mean more in turn, and so may what the text itself has made.
        """
        defined = {name: list(does) for name, does in self._defined.items()}
        for name, does in statement.defines.items():
            defined.setdefault(name, []).append(does)
        renamed = {new: set(old) for new, old in self._renamed.items()}
        for new, old in statement.renames:
            renamed.setdefault(new, set()).add(old)
        found: list[Statement] = []
        seen: set[tuple[str, frozenset[str]]] = set()
        waiting = [statement] if defined or renamed else []
        while waiting:
            current = waiting.pop()
            more: list[Statement] = []
            for name, definitions in defined.items():
                # Used once in the same ways, it says all that it has to say.
                verbs = frozenset(touch.verb for touch in _uses(current, name))
                if verbs and (name, verbs) not in seen:
                    seen.add((name, verbs))
                    more += _defined_as(current, name, definitions)
            for new, olds in renamed.items():
                for old in olds:
                    more += _as_before(current, new, old, reader)
            new_ones = [one for one in more if one not in found]
            found += new_ones
            waiting += new_ones
            if len(found) > MOST_NAMES:
                return [*found, moved_names(statement)]
        return found


def _defined_as(statement: Statement, name: str, definitions: list[Statement]) -> list[Statement]:
    used = _uses(statement, name)
    return [_used(name, used, does) for does in definitions] if used else []


def _either(readings: list[Statement]) -> Statement:
    """Return one Statement that does what any of these does; where columns go is not known."""
    first = union(readings)
    return replace(
        first,
        flows=first.flows if all(one.flows == first.flows for one in readings) else None,
        executes=frozenset().union(*(one.executes for one in readings)),
        prepares={
            name: union([one.prepares[name] for one in readings if name in one.prepares])
            for name in dict.fromkeys(name for one in readings for name in one.prepares)
        },
        unresolved=frozenset().union(*(one.unresolved for one in readings)),
        defines={name: does for one in readings for name, does in one.defines.items()},
        renames=frozenset().union(*(one.renames for one in readings)),
        paths=tuple(dict.fromkeys(path for one in readings for path in one.paths)),
    )


def _with(statement: Statement, more: list[Statement]) -> Statement:
    """Return a statement that does more; conditions are told of its own text alone."""
    both = union([statement, *more])
    deep = any(touch.verb == "sql.read" for one in more for touch in one.touches)
    return replace(
        both,
        has_where=statement.has_where,
        flows=None if deep else statement.flows,
        prepares={name: _with(inner, more) for name, inner in statement.prepares.items()},
    )


def _bare(full: str) -> str:
    parts = split_full(full)
    return parts[1] if parts else full


def _uses(statement: Statement, name: str) -> list[Touch]:
    """Return touches that may be on a thing of that name, whatever schema it is taken to be in."""
    if name == ANY_DEFINITION:
        return [touch for touch in statement.touches if touch.verb in _DEFINES]
    bare = _bare(name)
    inner = [touch for one in statement.prepares.values() for touch in _uses(one, name)]
    found = [
        touch
        for touch in statement.touches
        if touch.resource.kind in ("Table", "Function")
        and touch.verb not in _DEFINES - {"sql.maintain"}
        and _bare(touch.resource.name) == bare
    ]
    called = statement.functions | statement.types
    if not found and any(_bare(function) == bare for function in called):
        found = [Touch("sql.execute", Operation.EXECUTE, Resource("Function", name))]
    return found + inner


def _used(name: str, used: list[Touch], does: Statement) -> Statement:
    """Return what using a thing of that name does: to it, and as it was defined."""
    through = f"definition of {name}"
    touches = [
        replace(touch, resource=Resource("Table", name))
        for touch in used
        if touch.resource.kind == "Table" and name != ANY_DEFINITION
    ]
    for touch in does.touches:
        if touch.resource != SESSION:
            touches.append(replace(touch, through=touch.through or through))
        if does.kind != "sql.create" and touch.verb == "sql.read" and not touch.through:
            # A view, perhaps: what is changed in it changes in what it reads.
            touches += [
                replace(one, resource=touch.resource, columns=frozenset("*"), through=through)
                for one in used
                if one.verb in _CHANGES
            ]
    kind = max((touch.verb for touch in touches), key=DANGER.__getitem__, default="sql.session")
    return replace(does, kind=kind, touches=tuple(touches), executes=frozenset(), prepares={})


def _as_before(statement: Statement, new: str, old: str, reader: Reader) -> Iterator[Statement]:
    """Yield readings of what a statement does to a new name, as done to the old one."""
    depth = _depth(new)
    for touch in statement.touches:
        name = touch.resource.name
        before = ""
        if touch.resource.kind not in ("Table", "Function"):
            continue
        if depth == 1 and name.startswith(f"{new}."):
            before = old + name[len(new) :]
        elif depth == 2 and _bare(name) == _bare(new):
            before = old
        elif depth == 3 and name == new.rpartition(".")[0] and touch.columns:
            column = old.rpartition(".")[2]
            columns = touch.columns | {column.strip('"')}
            yield _only(replace(touch, columns=columns))
        if before:
            yield _only(replace(touch, resource=Resource(touch.resource.kind, before)))
            yield from _read_again(touch, before, reader)


def _depth(name: str) -> int:
    """Return of how many parts a name is made."""
    outside = "".join(name.split('"')[::2])
    return outside.count(".") + 1


def _read_again(touch: Touch, old: str, reader: Reader) -> Iterator[Statement]:
    quoted = ".".join(map(_quoted, split_full(old) or ()))
    columns = [_quoted(column) for column in sorted(touch.columns) if column != "*"]
    if touch.resource.kind == "Function":
        problem = f"what `{touch.resource.name}` is after it was renamed cannot be seen"
        unknown = replace(touch, verb="sql.unknown", operation=Operation.UNKNOWN)
        yield Statement("sql.unknown", (unknown,), complete=False, problems=(problem,))
    elif touch.verb == "sql.update":
        for column in columns or ['"*"']:
            # Read, never run.
            yield reader.classify(f"UPDATE {quoted} SET {column} = NULL")  # noqa: S608
    elif touch.verb in _TEXTS and quoted:
        text = _TEXTS[touch.verb]
        wanted = ", ".join(columns) if columns and "*" not in touch.columns else "*"
        yield reader.classify(text.format(quoted, columns=wanted))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _only(touch: Touch) -> Statement:
    return Statement(touch.verb, (touch,), complete=True)
