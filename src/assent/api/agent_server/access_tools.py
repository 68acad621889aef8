"""Tools around access: who am I, what can I reach, asking, and what opens a session."""

from pydantic import JsonValue

from assent.api.agent_server.alternatives import outlook_told
from assent.api.agent_server.answers import grant_told, request_told
from assent.api.agent_server.bodies import NothingBody, SessionBody, TargetBody
from assent.api.agent_server.tool import Told
from assent.api.bodies import AskBody
from assent.api.door import Door
from assent.api.render import person_name
from assent.api.ways_in import connection_facts, must_have_door, way_in
from assent.control.access import Outlook
from assent.control.session_credentials import Opened
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import SubjectId, TargetId
from assent.core.resource import Target

_MOST_TARGETS = 100
_BY_PASSWORD = frozenset({"postgres", "ssh", "tcp"})
"""Protocols whose sessions are opened with a session credential; the others, by one's token."""

_SHOWN = {
    True: "the user and password of `open_session`",
    False: "your own token of Assent, as `Authorization: Bearer …`",
}


async def who_am_i(door: Door, caller: Caller, body: NothingBody) -> Told:
    """Return who the caller is, for whom it acts, and what access it has."""
    subject = caller.subject
    grants = door.plane.grants.counting(caller, everybody=False)
    return {
        "name": subject.name,
        "kind": subject.kind.value,
        "owner": _name(door, subject.owner),
        "on_behalf_of": _name(door, subject.on_behalf_of),
        "task": subject.task,
        "declared_task": caller.task,
        "groups": list[JsonValue](sorted(subject.groups)),
        "permissions": list[JsonValue](sorted(one.value for one in caller.permissions)),
        "grants": [dict(grant_told(door, grant)) for grant in grants],
    }


async def list_targets(door: Door, caller: Caller, body: NothingBody) -> Told:
    """Return every target with what connecting would lead to now."""
    outlooks = await door.plane.access.outlook(caller)
    reachable = [one for one in outlooks if one.state != "closed"]
    told: list[JsonValue] = [_with_grant(door, one) for one in reachable[:_MOST_TARGETS]]
    return {"targets": told, "closed": len(outlooks) - len(reachable)}


def _with_grant(door: Door, outlook: Outlook) -> JsonValue:
    grant = dict(grant_told(door, outlook.grant)) if outlook.grant else None
    return {**outlook_told(outlook), "grant": grant}


async def request_access(door: Door, caller: Caller, body: AskBody) -> Told:
    """Ask for access; it comes back with its grant where nobody needs to be asked."""
    request = await door.plane.access.ask(
        caller, body.target, body.lasts_for, body.reason, body.ticket, body.wish
    )
    return await request_told(door, caller, request)


async def connection(door: Door, caller: Caller, body: TargetBody) -> Told:
    """Return how a target is reached, and the access that there is to it."""
    target = _target(door, body.target)
    grants = _valid(door, caller, target.id)
    held: list[JsonValue] = [dict(grant_told(door, grant)) for grant in grants]
    by_password = target.protocol in _BY_PASSWORD
    return {
        **connection_facts(door, target),
        "listens": way_in(door, target) is not None,
        "database": target.database if target.protocol == "postgres" else None,
        "show": _SHOWN[by_password],
        "by_password": by_password,
        "grants": held,
    }


async def open_session(door: Door, caller: Caller, body: SessionBody) -> Told:
    """Return a short-lived password for a target, or the request that must be answered first."""
    target = _target(door, body.target)
    must_have_door(door, target.name)
    if target.protocol not in _BY_PASSWORD:
        words = f"`{target.name}` is reached with your own token; see the tool `connection`"
        raise ConflictFault("no-password", words)
    opened = await door.plane.access.connect(
        caller,
        target.name,
        body.lasts_for,
        body.reason,
        body.ticket,
        body.connections,
        body.wish,
    )
    if not isinstance(opened, Opened):
        return {"opened": False, "request": dict(await request_told(door, caller, opened))}
    return {
        **connection_facts(door, target),
        "opened": True,
        "user": opened.user,
        "password": opened.password.reveal(),
        "database": opened.database,
        "connections": opened.connections,
        "expires_at": isoformat(opened.expires_at),
        "grant": dict(grant_told(door, opened.grant)),
    }


def _valid(door: Door, caller: Caller, target: TargetId) -> list[Grant]:
    return door.plane.grants.valid(caller.subject.id, target, door.plane.clock.now())


def _target(door: Door, name: str) -> Target:
    found = door.plane.directory.target_named(name)
    if found is None:
        raise MissingFault("no-such-target", f"there is no target `{name[:80]}`; list the targets")
    return found


def _name(door: Door, subject: SubjectId | None) -> str | None:
    return person_name(door.plane.directory, subject) if subject else None
