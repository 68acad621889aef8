"""What an event of OCSF is made of beside the leaf: names, addresses, and what was touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assent.core.canonical import Json
from assent.core.clock import parse_instant

MOST_TOUCHES = 64
MOST_NAME = 256
UNKNOWN = "unknown"

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reach:
    """A target, as events name it."""

    name: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Naming:
    """What ids stand for, and how much is said. people: subject id → name. targets: by id.

    with_names: people, targets and tables by name, and addresses; else ids only. with_text: also
    statements, reasons and comments. product: our own version.
    """

    origin: str
    people: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Reach] = field(default_factory=dict)
    with_names: bool = True
    with_text: bool = False
    product: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An entry to be told. content, attempt: payloads, of it and of what was attempted, opened.

    verb: of what was attempted, address: where its session came from; empty where not known.
    """

    index: int
    leaf: bytes
    content: Facts | None = None
    attempt: Facts | None = None
    verb: str = ""
    address: str = ""


def milliseconds(at: str) -> int:
    """Return an instant of an entry in milliseconds since 1970, rounded down."""
    moment = parse_instant(at)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def user(subject: str | None, naming: Naming) -> dict[str, Json]:
    """Return a person; one that has no name where nobody is known."""
    if subject is None:
        return {"name": UNKNOWN}
    named: dict[str, Json] = {"uid": subject}
    if naming.with_names and subject in naming.people:
        named["name"] = naming.people[subject]
    return named


def source(spoken: Spoken, naming: Naming) -> Json:
    """Return the endpoint where it came from."""
    content = spoken.content or {}
    connection = (content.get("evidence") or {}).get("connection") or {}
    said = content.get("address") or content.get("client_address")
    address = said or connection.get("address") or spoken.address
    if naming.with_names and isinstance(address, str) and address:
        return {"ip": address}
    return {"name": UNKNOWN}


def target(leaf: Facts, naming: Naming) -> dict[str, Json]:
    """Return the endpoint that it was done to: a target, or the gateway itself."""
    target = leaf["target"]
    if target is None:
        return {"name": "assent"}
    reach = naming.targets.get(target) if naming.with_names else None
    return {"uid": target, **({"name": reach.name} if reach else {})}


def touched(spoken: Spoken, naming: Naming) -> list[dict[str, Json]]:
    """Return kind, name and verb of what was touched, where names are said; at most 64."""
    if not naming.with_names:
        return []
    content: Facts = spoken.attempt or {}
    statement = content.get("statement")
    found = statement.get("touches") if isinstance(statement, Mapping) else None
    touches = [one for one in found or () if isinstance(one, Mapping)][:MOST_TOUCHES]
    made: list[dict[str, Json]] = []
    for one in touches:
        resource = one.get("resource") or {}
        made.append(
            {
                "kind": str(resource.get("kind", "")),
                "name": str(resource.get("name", ""))[:MOST_NAME],
                "verb": str(one.get("verb", "")),
            }
        )
    return made
