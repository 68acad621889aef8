"""What a class of OCSF asks for beside what every event has, said of an entry.

Source: OCSF 1.8.0, the required attributes and constraints of each class.
"""

from collections.abc import Callable
from typing import TypeAlias

from assent.audit.ocsf_classes import (
    API,
    AUTHENTICATION,
    AUTHORIZE_SESSION,
    BASE,
    DATASTORE,
    ENTITY,
    FINDING,
    LIFECYCLE,
    USER_ACCESS,
    Mapped,
)
from assent.audit.ocsf_naming import (
    UNKNOWN,
    Facts,
    Naming,
    Spoken,
    milliseconds,
    source,
    target,
    touched,
    user,
)
from assent.core.canonical import Json

MOST_TEXT = 16_384


def attributes(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    """Return the attributes of the class that an entry was mapped to."""
    return _OF_CLASS[told.event_class.uid](leaf, spoken, naming, told)


def _of_authentication(
    leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped
) -> dict[str, Json]:
    session: Facts = {"session": {"uid": leaf["session"]}} if leaf["session"] else {}
    made: dict[str, Json] = {
        "service": {"name": "assent"},
        "src_endpoint": source(spoken, naming),
        "user": user(leaf["subject"], naming),
    }
    return made | dict(session)


def _of_session(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    return {
        "dst_endpoint": target(leaf, naming),
        "privileges": ["connect"],
        "session": {"uid": leaf["session"]},
        "src_endpoint": source(spoken, naming),
        "user": user(leaf["subject"], naming),
    }


def _of_entity(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    uid = leaf["facts"].get(told.uid, leaf.get(told.uid))
    return {"entity": {"type": told.entity, "uid": str(uid or leaf["id"]), "name": told.entity}}


def _of_access(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    holder = leaf["facts"].get("holder") or leaf["subject"]
    return {
        "privileges": ["connect"],
        "resources": [target(leaf, naming)],
        "user": user(holder, naming),
    }


def _of_finding(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    info: Json = {
        "created_time": milliseconds(leaf["at"]),
        "title": told.words,
        "types": [leaf["kind"]],
        "uid": leaf["id"],
    }
    return {"finding_info": info, "is_alert": True}


def _of_application(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    app: Json = {"name": "Assent", "vendor_name": "Assent", "version": naming.product}
    return {"app": app}


def _of_call(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    resources: Json = [
        {"name": one["name"], "type": one["kind"]} for one in touched(spoken, naming)
    ]
    return {
        "api": {"operation": spoken.verb or UNKNOWN, "request": {"uid": _action(leaf)}},
        "dst_endpoint": target(leaf, naming),
        "src_endpoint": source(spoken, naming),
        **({"resources": resources} if resources else {}),
    }


def _of_query(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    tables = [one["name"] for one in touched(spoken, naming) if one["kind"] == "Table"]
    made: dict[str, Json] = {
        "database": {**target(leaf, naming), "type": "Relational", "type_id": 1},
        "dst_endpoint": target(leaf, naming),
        "src_endpoint": source(spoken, naming),
        "type": "Database",
        "type_id": 1,
    }
    if len(set(tables)) == 1:
        made["table"] = {"name": tables[0]}
    text = (spoken.attempt or {}).get("text")
    if naming.with_text and isinstance(text, str):
        made["query_info"] = {"query_string": text[:MOST_TEXT], "uid": _action(leaf)}
    return made


def _of_nothing(leaf: Facts, spoken: Spoken, naming: Naming, told: Mapped) -> dict[str, Json]:
    return {}


def _action(leaf: Facts) -> str:
    return str(leaf["facts"].get("action") or leaf["id"])


_Attributes: TypeAlias = Callable[[Facts, Spoken, Naming, Mapped], dict[str, Json]]
_OF_CLASS: dict[int, _Attributes] = {
    BASE.uid: _of_nothing,
    FINDING.uid: _of_finding,
    AUTHENTICATION.uid: _of_authentication,
    AUTHORIZE_SESSION.uid: _of_session,
    ENTITY.uid: _of_entity,
    USER_ACCESS.uid: _of_access,
    LIFECYCLE.uid: _of_application,
    API.uid: _of_call,
    DATASTORE.uid: _of_query,
}
