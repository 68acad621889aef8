"""Rows of pg_proc and pg_aggregate → routines."""

import re

from assent.protocols.postgres.catalogue.model import NOT_READ, UNLIMITED, Catalogue, Routine
from assent.protocols.postgres.catalogue.rows import Oids, Rows, Words

_SEARCH_PATH = "search_path="
_PART = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


def routines_of(rows: Rows, before: Catalogue | None) -> dict[int, Routine]:
    """Return routines by oid. before: whose bodies stand for those that could not be asked for."""
    aggregates = {oid: (kind, direct, used) for oid, kind, direct, used in rows.aggregates}
    found: dict[int, Routine] = {}
    for row in rows.routines:
        (
            oid, schema, name, kind, inputs, defaults, variadic, language, volatility, definer,
            body, names, modes, settings, returns_set,
        ) = row  # fmt: skip
        given = _given(kind, inputs, names, modes)
        most = UNLIMITED if variadic else len(given)
        least = len(given) - defaults
        support: Oids = ()
        if oid in aggregates:
            ordering, direct, support = aggregates[oid]
            least = least if ordering == "n" else direct
        if body is None:
            known = before.routine(oid) if before else None
            body = known.body if known else NOT_READ
        found[oid] = Routine(
            oid, schema, name, kind, (least, most), language, volatility, definer, body, given,
            _search_path(settings or ()), tuple(one for one in support if one), (), returns_set,
        )  # fmt: skip
    return found


def _given(kind: str, inputs: int, names: Words | None, modes: Words | None) -> tuple[str, ...]:
    """Return the names of what a call gives: inputs, and of a procedure its outputs too.

    modes: as pg_proc.proargmodes has them, None when all are inputs.
    """
    if modes is None:
        return tuple(names[:inputs]) if names else ("",) * inputs
    wanted = "ivbo" if kind == "p" else "ivb"
    named = names or ("",) * len(modes)
    return tuple(name for name, mode in zip(named, modes, strict=True) if mode in wanted)


def _search_path(settings: Words) -> tuple[str, ...] | None:
    """Return the path that a routine runs with, None for the caller's (pg_proc.proconfig)."""
    for setting in settings:
        if setting.startswith(_SEARCH_PATH):
            return path_of(setting[len(_SEARCH_PATH) :])
    return None


def path_of(text: str) -> tuple[str, ...]:
    """Return the schemas that a setting of `search_path` names, without empty ones.

    What is in quotes is taken as it is, the rest in lower case, as the server does it.
    """
    parts = (
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _PART.findall(text)
    )
    return tuple(part for part in parts if part)
