"""An entry of the log as an event of OCSF 1.8.0, the form that SIEMs and data lakes agree on.

An event says what the entry says, and where in the log it stands, so that whoever has it can
have it proved: `unmapped.assent` has origin, index and leaf hash. Nothing is left out that the
leaf says; of what lies beside the leaf there is only what the reader chose.
Source: https://schema.ocsf.io (version 1.8.0).
"""

import json

from assent.audit.ocsf_attributes import MOST_TEXT, attributes
from assent.audit.ocsf_classes import API, DATASTORE, FINDING, OTHER, Mapped, mapped
from assent.audit.ocsf_naming import Facts, Naming, Reach, Spoken, milliseconds, touched, user
from assent.audit.ocsf_outcome import outcome_of
from assent.audit.tree import leaf_hash
from assent.core.canonical import Json

VERSION = "1.8.0"
MOST_FACTS = 16_384


def event(spoken: Spoken, naming: Naming) -> dict[str, Json]:
    """Return the event. Raises ValueError for a leaf that is none."""
    leaf: Facts = json.loads(spoken.leaf)
    facts: Facts = leaf["facts"]
    told = _class_of(leaf, spoken, naming)
    made: dict[str, Json] = {
        "activity_id": told.activity,
        "activity_name": told.activity_name,
        "category_name": told.event_class.category[1],
        "category_uid": told.event_class.category[0],
        "class_name": told.event_class.name,
        "class_uid": told.event_class.uid,
        "message": _message(leaf, spoken, naming),
        "metadata": _metadata(leaf, spoken, naming),
        "time": milliseconds(leaf["at"]),
        "type_name": f"{told.event_class.name}: {told.activity_name}",
        "type_uid": told.event_class.uid * 100 + told.activity,
        "unmapped": {"assent": _proof(leaf, spoken, naming)},
        "actor": _actor(leaf, naming),
        **outcome_of(leaf["kind"], facts, held=bool(leaf["request"])),
        **attributes(leaf, spoken, naming, told),
    }
    if told.event_class is FINDING:
        made["status_id"], made["status"] = 1, "New"
    if naming.with_text:
        made |= _texts(spoken)
    return made


def _class_of(leaf: Facts, spoken: Spoken, naming: Naming) -> Mapped:
    told = mapped(leaf["kind"])
    if told.event_class is not API:
        return told
    reach = naming.targets.get(leaf["target"] or "")
    verb = spoken.verb
    is_database = verb.startswith("sql.") or (reach is not None and reach.protocol == "postgres")
    activities = _SQL if is_database else _CALLS
    activity = activities.get(verb.rpartition(".")[2], OTHER if verb else 0)
    words = verb or "Unknown"
    return Mapped(DATASTORE if is_database else API, activity, words)


def _metadata(leaf: Facts, spoken: Spoken, naming: Naming) -> Json:
    correlation = leaf["facts"].get("action") or leaf["request"] or leaf["session"]
    return {
        **({"correlation_uid": correlation} if correlation else {}),
        "event_code": leaf["kind"],
        "log_name": naming.origin,
        "log_provider": "assent",
        "original_time": leaf["at"],
        "product": {"name": "Assent", "vendor_name": "Assent", "version": naming.product},
        "profiles": ["host", "security_control"],
        "sequence": spoken.index,
        "uid": leaf["id"],
        "version": VERSION,
    }


def _proof(leaf: Facts, spoken: Spoken, naming: Naming) -> Json:
    """Return where the entry stands, and what else its leaf says."""
    facts = leaf["facts"]
    if len(json.dumps(facts)) > MOST_FACTS:
        # The leaf has them all; an event that no collector takes would hold up all behind it.
        facts = {key: facts[key] for key in facts if len(json.dumps(facts[key])) <= 256}
    proof: dict[str, Json] = {
        "facts": facts,
        "index": spoken.index,
        "leaf_hash": leaf_hash(spoken.leaf).hex(),
        "origin": naming.origin,
        "payload": leaf["payload"],
        "request": leaf["request"],
        "session": leaf["session"],
        "target": leaf["target"],
        "verb": spoken.verb or None,
    }
    touches = touched(spoken, naming)
    if touches:
        proof["touches"] = touches
    return {key: value for key, value in proof.items() if value is not None}


def _message(leaf: Facts, spoken: Spoken, naming: Naming) -> str:
    who = leaf["subject"] or "the gateway"
    where = leaf["target"]
    if naming.with_names:
        who = naming.people.get(who, who)
        where = naming.targets[where].name if where in naming.targets else where
    facts = leaf["facts"]
    said = [str(facts[key]) for key in _SAID if isinstance(facts.get(key), str)]
    words = " ".join([leaf["kind"], *said, *([spoken.verb] if spoken.verb else [])])
    return f"{words} by {who}" + (f" on {where}" if where else "")


def _actor(leaf: Facts, naming: Naming) -> Json:
    if leaf["subject"] is None:
        return {"app_name": "assent"}
    session: Facts = {"session": {"uid": leaf["session"]}} if leaf["session"] else {}
    return {"user": user(leaf["subject"], naming), **session}


def _texts(spoken: Spoken) -> dict[str, Json]:
    content = spoken.content or {}
    said = [content[key] for key in _WORDS if isinstance(content.get(key), str) and content[key]]
    said += [one for one in content.get("messages") or () if isinstance(one, str)]
    return {"status_detail": "\n".join(said)[:MOST_TEXT]} if said else {}


_SAID = ("outcome", "verdict", "state", "code")
_WORDS = ("reason", "because", "comment", "text", "outcome")
_SQL = {
    **dict.fromkeys(("read", "lock"), 4),
    "insert": 5,
    **dict.fromkeys(("update", "alter", "maintain", "grant"), 2),
    "create": 6,
    **dict.fromkeys(("delete", "truncate", "drop"), 7),
    "connect": 3,
}
_CALLS = {
    **dict.fromkeys(("create", "add", "open", "issue", "post", "admit"), 1),
    **dict.fromkeys(("read", "get", "head", "options", "list"), 2),
    **dict.fromkeys(
        ("update", "change", "apply", "hold", "put", "patch", "write", "administer"), 3
    ),
    **dict.fromkeys(("delete", "remove", "erase", "prune", "revoke"), 4),
}

__all__ = ("MOST_FACTS", "VERSION", "Naming", "Reach", "Spoken", "event")
