"""What of an action is compared with what is usual, and learned when it turned out well.

Chains always have the same number of levels: an unknown one is UNKNOWN, so that the general
ones stand where the kinds of attacker look for them, and adding a database of addresses does
not make everything new.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from assent.core.action import Action, Operation, Touch
from assent.core.device import Device
from assent.core.evidence import Connection, SessionSoFar
from assent.core.network import Network
from assent.core.resource import Target
from assent.risk.dimensions import dimension
from assent.risk.memory import Seen

UNKNOWN = "?"
"""A level that nothing is known of."""

NO_DEVICE = "no device"
"""The levels of a session that is bound to no enrolled device."""

START = "start"
"""What the first action of a session follows."""

MOST_TOUCHES = 8
_MOST_COLUMNS = 20
_MOST_GROUPS = 32
_LONGEST_VALUE = 200

# Clients read the catalogue on their own account; whether a person did so before says nothing.
_CATALOGUES = ("pg_catalog.", "information_schema.")
_VERSION = re.compile(r"[/ _-]+v?\d")
_TICKET_NUMBER = re.compile(r"[\d-]")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}\Z")
_LONGEST_NUMBER = 19


def aspects(
    action: Action,
    *,
    target: Target | None,
    network: Network | None,
    device: Device | None,
    connection: Connection,
    session: SessionSoFar | None,
    groups: Collection[str],
    at: datetime,
    local_offset_min: int | None,
    reason: str,
    ticket: str,
    rows_estimated: int | None,
) -> list[Seen]:
    """Return every aspect of an action, in a fixed order.

    groups: of the person. local_offset_min: of their zone from UTC, None for UTC.
    """
    name = target.name if target else UNKNOWN
    leaves = _leaves(action)
    seen = []
    if network is not None and network.address:
        seen.append(_chain("network", network_chain(network)))
    seen.append(_chain("device", device_chain(device)))
    seen.append(_chain("client", client_chain(connection.application)))
    seen.append(_chain("hour", hour_chain(at, local_offset_min)))
    seen += [_chain("resource", chain) for chain in _resource_chains(leaves, name)]
    seen += [_chain("action", chain) for chain in _action_chains(leaves)]
    if session is not None and (step := previous_of(action)):
        after = session.previous or START
        seen.append(Seen(dimension("step"), (_cut(step),), after=_cut(after)))
    seen += [_chain("privilege", (group,)) for group in sorted(groups)[:_MOST_GROUPS]]
    if action.verb == "access.request":
        seen.append(_chain("purpose", (purpose_of(reason, ticket),)))
    return seen + _amounts(action, session, rows_estimated)


def previous_of(action: Action) -> str:
    """Return what the next step of the session follows: the first verb and its resource.

    Empty where the action only reads the catalogue or touches nothing: then the last one stays.
    """
    leaves = _leaves(action)
    return _action_chains(leaves[:1])[0][1] if leaves else ""


def network_chain(network: Network) -> tuple[str, ...]:
    """Return address, /24 or /48, autonomous system, country."""
    system = UNKNOWN if network.asn is None else f"AS{network.asn}"
    return (network.address, network.prefix or UNKNOWN, system, network.country or UNKNOWN)


def device_chain(device: Device | None) -> tuple[str, ...]:
    """Return key, model, system; NO_DEVICE where a session is bound to none."""
    if device is None:
        return (NO_DEVICE,) * 3
    return (device.key or NO_DEVICE, device.model or UNKNOWN, device.system or UNKNOWN)


def client_chain(application: str) -> tuple[str, ...]:
    """Return the client's name, and without its version: `DBeaver 23.1` → `DBeaver`."""
    name = application.strip()
    return (name or UNKNOWN, _VERSION.split(name, maxsplit=1)[0].strip() or UNKNOWN)


def hour_chain(at: datetime, local_offset_min: int | None) -> tuple[str, ...]:
    """Return `Tue 14`, `14 weekday`, `weekday day`. local_offset_min: None for UTC."""
    local = local_time(at, local_offset_min)
    kind = "weekend" if local.weekday() >= 5 else "weekday"
    return (f"{_DAYS[local.weekday()]} {local.hour}", f"{local.hour} {kind}", _part(kind, local))


def local_time(at: datetime, local_offset_min: int | None) -> datetime:
    """Return the person's wall clock, without zone. at: aware."""
    utc = at.astimezone(UTC).replace(tzinfo=None)
    bounded = max(-_DAY_MIN, min(_DAY_MIN, local_offset_min or 0))
    return utc + timedelta(minutes=bounded)


_DAY_MIN = 24 * 60
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_FROM, _EVENING_FROM, _NIGHT_FROM = 7, 19, 23


def _part(kind: str, local: datetime) -> str:
    if _DAY_FROM <= local.hour < _EVENING_FROM:
        return f"{kind} day"
    return f"{kind} evening" if _EVENING_FROM <= local.hour < _NIGHT_FROM else f"{kind} night"


def purpose_of(reason: str, ticket: str) -> str:
    """Return the kind of a ticket, such as `ticket OPS` for `OPS-123`, or `reason` or `none`."""
    named = ticket.strip()
    if named:
        return f"ticket {_TICKET_NUMBER.split(named, maxsplit=1)[0].strip().upper()}".strip()
    return "reason" if reason.strip() else "none"


def _amounts(
    action: Action, session: SessionSoFar | None, rows_estimated: int | None
) -> list[Seen]:
    found: dict[str, int] = {}
    if session is not None:
        found = {
            "rows": session.rows,
            "bytes": session.bytes,
            "fanout": session.tables,
            "pace": session.in_last_minute,
        }
    if rows_estimated is not None:
        found["rows"] = found.get("rows", 0) + rows_estimated
    numbers = [
        abs(int(text))
        for text in action.parameters
        if text is not None and len(text) <= _LONGEST_NUMBER and _WHOLE_NUMBER.match(text)
    ]
    if numbers:
        found["magnitude"] = max(numbers)
    return [Seen(dimension(name), amount=float(max(0, value))) for name, value in found.items()]


def _leaves(action: Action) -> list[Touch]:
    """Return the touches that a person chose, each once: not what clients do by themselves."""
    chosen = [
        touch
        for touch in action.touches
        if touch.verb != "sql.session" and not _is_catalogue_read(touch)
    ]
    return list(dict.fromkeys(chosen))


def _is_catalogue_read(touch: Touch) -> bool:
    return touch.operation is Operation.READ and touch.resource.name.startswith(_CATALOGUES)


def _resource_chains(leaves: Iterable[Touch], target: str) -> list[tuple[str, ...]]:
    resources = dict.fromkeys(touch.resource for touch in leaves if is_reached(touch))
    chains: list[tuple[str, ...]] = [
        (f"{target} {one.name}", f"{target} {_LIES_IN[one.kind](one.name) or UNKNOWN}", target)
        for one in resources
    ]
    return _at_most(list(dict.fromkeys(chains)), "tables")


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _first_part(route: str) -> str:
    return "/" + route.lstrip("/").partition("/")[0]


def _scheme(uri: str) -> str:
    return uri.partition("://")[0] + "://"


def _host(address: str) -> str:
    return address.rpartition(":")[0]


def _nothing(name: str) -> str:
    return ""


# Kind of resource → what one lies in.
_LIES_IN: Mapping[str, Callable[[str], str]] = {
    "Table": lambda name: name.rpartition(".")[0],
    "Program": _folder,
    "File": _folder,
    "Account": _nothing,
    "Address": _host,
    "Route": _first_part,
    "Tool": _nothing,
    "Document": _scheme,
    "Prompt": _nothing,
}


def is_reached(touch: Touch) -> bool:
    """Return whether habits are of what it touches, and it counts as reached in a session.

    In SQL tables alone are: a file of the server is named by what is done, and by nothing else.
    """
    kind = touch.resource.kind
    return kind in _LIES_IN and (kind == "Table" or not touch.verb.startswith("sql."))


def _action_chains(leaves: Iterable[Touch]) -> list[tuple[str, ...]]:
    chains = []
    for touch in leaves:
        verb_on = f"{touch.verb} {touch.resource.name}"
        chains.append((f"{verb_on}({_columns(touch)})", verb_on, touch.verb))
    return _at_most(list(dict.fromkeys(chains)), "actions")


def _columns(touch: Touch) -> str:
    if "*" in touch.columns:
        return "*"
    names = sorted(touch.columns)
    more = f",+{_digest(names)}" if len(names) > _MOST_COLUMNS else ""
    return ",".join(names[:_MOST_COLUMNS]) + more


def _at_most(chains: list[tuple[str, ...]], noun: str) -> list[tuple[str, ...]]:
    """Return at most MOST_TOUCHES chains; the last one stands for all that are too many.

    Were they left out, somebody could hide a table behind eight usual ones.
    """
    if len(chains) <= MOST_TOUCHES:
        return chains
    rest = chains[MOST_TOUCHES - 1 :]
    generals = [list(dict.fromkeys(level)) for level in list(zip(*rest, strict=True))[1:]]
    joined = [f"{len(rest)} {noun} {_digest(sorted(chain[0] for chain in rest))}"]
    joined += [names[0] if len(names) == 1 else f"{len(names)} of them" for names in generals]
    return [*chains[: MOST_TOUCHES - 1], tuple(joined)]


def _chain(name: str, values: tuple[str, ...]) -> Seen:
    return Seen(dimension(name), tuple(map(_cut, values)))


def _cut(value: str) -> str:
    # Two long names that begin alike stay different.
    if len(value) <= _LONGEST_VALUE:
        return value
    return f"{value[:_LONGEST_VALUE]}…{_digest([value])}"


def _digest(names: Iterable[str]) -> str:
    text = "\x1f".join(names).encode(errors="surrogatepass")
    return blake2b(text, digest_size=4).hexdigest()
