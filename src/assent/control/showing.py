"""What somebody who answers a request is shown: one document, and its digest.

The command line prints it and an approver signs its digest, so it holds all that an answer
rests on: the exact action, what is known about it, and on what terms. What only grows while a
request waits (answers, comments, who waits for locks) is not in it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from assent.audit.approval_signatures import digest_of
from assent.audit.entry import decode, decode_content
from assent.control.directory import Directory
from assent.core.action import Action, Touch
from assent.core.canonical import Json
from assent.core.clock import isoformat
from assent.core.decision import describe
from assent.core.entry import EntryKind
from assent.core.evidence import Evidence, evidence_from_json
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import EntryId, RequestId, SubjectId
from assent.core.impact import describe as impact_words
from assent.core.ports import Store
from assent.core.request import Request
from assent.core.scope import Terms
from assent.workflow.narrowing import ACCESS, describe_terms, narrow, terms_of

VERSION = 1
_MOST_KEPT = 2_000
_WORDS = {
    "action.bound": "what exactly would be done",
    "action.digest": "the digest of the action",
    "evidence.came_from": "where it comes from",
    "evidence.factors": "what the score consists of",
    "evidence.impact": "what it would do",
    "evidence.level": "the level of risk",
    "evidence.reason": "the reason that was given",
    "evidence.score": "the score",
    "evidence.ticket": "the ticket",
    "evidence.ticket_said": "what the issue tracker says",
    "terms.access": "the access that is asked for",
    "terms.deadline_at": "the deadline",
    "terms.demands": "who must assent",
    "terms.messages": "what the policies say",
    "terms.offered": "what is offered",
    "terms.policies": "which policies ask",
    "terms.revision": "the policies themselves",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as it was shown. digest: over its canonical bytes."""

    document: Mapping[str, Json]
    digest: str


class Showing:
    """Makes the document of a request, and tells what changed since somebody saw it."""

    def __init__(self, *, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        # Only digests of its parts: texts may be large, and many people look.
        self._seen: OrderedDict[str, Mapping[str, str]] = OrderedDict()
        # Where a request came from does not change, and its page is made again and again.
        self._origins: OrderedDict[RequestId, list[str]] = OrderedDict()

    async def shown(self, request: Request, terms: Terms | None = None) -> Shown:
        """Return what whoever answers this request now is shown.

        terms: of an offer, which is of the action as it would be. Raises ConflictFault where
        it cannot be narrowed so.
        """
        shown = await self._made(request, terms)
        self._seen[shown.digest] = _parts(shown.document)
        self._seen.move_to_end(shown.digest)
        while len(self._seen) > _MOST_KEPT:
            self._seen.popitem(last=False)
        return shown

    async def check(self, request: Request, digest: str, terms: Terms | None = None) -> Shown:
        """Return what is shown now, if it is what was shown. Raises ConflictFault."""
        shown = await self._made(request, terms)
        if shown.digest == digest:
            return shown
        before = self._seen.get(digest)
        words = _difference(before, _parts(shown.document)) if before else ""
        raise ConflictFault(
            "shown-changed",
            "what you were shown has changed; look again" + (f": changed is {words}" * bool(words)),
        )

    async def _made(self, request: Request, terms: Terms | None) -> Shown:
        if terms is not None:
            action = narrow(request.action, terms)
            request = replace(request, action=action, action_digest=action.digest())
        document = {
            "action": self._action(request),
            "asked_at": isoformat(request.created_at),
            "evidence": _evidence(request, await self._came_from(request)),
            "request": request.id,
            "terms": self._terms(request, terms),
            "version": VERSION,
        }
        return Shown(document, digest_of(document))

    def _action(self, request: Request) -> Json:
        action = request.action
        target = self._target(action)
        return {
            # All that the action's digest is over: whoever signs can work it out for themself.
            "bound": {
                "details": dict(action.details),
                "parameters": list(action.parameters),
                "salt": action.salt,
                "session": action.session,
                "subject": action.subject,
                "target": action.target,
                "text": action.text,
                "verb": action.verb,
            },
            "database": target[2],
            "digest": request.action_digest,
            "environment": target[1],
            "requester": self._person(action.subject),
            "target": target[0],
            "touches": [_touch(touch) for touch in action.touches],
            "understood": action.statement.complete,
        }

    def _terms(self, request: Request, offered: Terms | None) -> Json:
        return {
            "access": list(_access(request.action)),
            "deadline_at": isoformat(request.deadline_at),
            "demands": [describe(remedy, self._directory.names) for remedy in request.remedies],
            "messages": list(request.messages),
            "offered": list(describe_terms(offered)) if offered else [],
            "policies": list(request.denied_by),
            "revision": request.revision,
        }

    def _person(self, subject: SubjectId) -> str:
        try:
            known = self._directory.subject(subject)
        except MissingFault:
            return subject
        words = f"{known.display_name} ({known.name})" if known.display_name else known.name
        if known.on_behalf_of is None:
            return words
        return f"{words}, on behalf of {self._person(known.on_behalf_of)}"

    def _target(self, action: Action) -> tuple[str, str, str]:
        if action.target is None:
            return "", "", ""
        try:
            known = self._directory.target(action.target)
        except MissingFault:
            return action.target, "", ""
        return known.name, known.environment, action.details.get("database", known.database)

    async def _came_from(self, request: Request) -> list[str]:
        """Return in words where it was asked from, as the decision saw it that asked people."""
        if request.id not in self._origins:
            self._origins[request.id] = await self._read_origin(request.id)
            while len(self._origins) > _MOST_KEPT:
                self._origins.popitem(last=False)
        return self._origins[request.id]

    async def _read_origin(self, request: RequestId) -> list[str]:
        about = await self._store.entries_about(request=request, limit=20)
        leaves = [decode(found.leaf) for found in about]
        opened = next((one for one in leaves if one["kind"] == EntryKind.REQUEST_OPENED), None)
        facts = opened["facts"] if opened else None
        decision = facts.get("decision") if isinstance(facts, Mapping) else None
        if not isinstance(decision, str):
            return []
        found = await self._store.entry(EntryId(decision))
        if found is None or found.content is None:
            return []
        content = decode_content(found.content).get("evidence")
        try:
            # Written by an older program it may have another form, and is left out.
            evidence = evidence_from_json(content) if isinstance(content, Mapping) else None
        except msgspec.ValidationError:
            return []
        return _origin(evidence) if evidence else []


def _evidence(request: Request, came_from: list[str]) -> Json:
    assessment = request.assessment
    impact = replace(request.impact, waiters=()) if request.impact else None
    return {
        "came_from": came_from,
        "confidence": assessment.confidence_because,
        "factors": [[factor.points, factor.reason] for factor in assessment.factors],
        "headline": assessment.headline,
        "impact": list(impact_words(impact)) if impact else [],
        "level": assessment.level.value,
        "otherwise": assessment.otherwise,
        "reason": request.reason,
        "score": assessment.score,
        "ticket": request.ticket,
        "ticket_said": request.ticket_said,
        "unknown": list(assessment.unknown),
    }


def _origin(evidence: Evidence) -> list[str]:
    connection, network, device = evidence.connection, evidence.network, evidence.device
    words = [
        " ".join(word for word in (connection.application, connection.address) if word)
        or connection.door
    ]
    if network is not None:
        place = ", ".join(part for part in (network.city, network.country) if part)
        lists = [f"on lists: {', '.join(sorted(network.lists))}"] if network.lists else []
        zones = [f"in {', '.join(sorted(network.zones))}"] if network.zones else []
        said = [part for part in (network.organisation, place, *zones, *lists) if part]
        words += [f"network: {'; '.join(said)}"] if said else []
    if device is not None:
        kind = " ".join(part for part in (device.model, device.system) if part) or device.key
        care = {True: ", managed", False: ", not managed", None: ""}[device.managed]
        words.append(f"device: {kind}{care}")
    return words


def _touch(touch: Touch) -> str:
    columns = f" ({', '.join(sorted(touch.columns))})" if touch.columns else ""
    through = f" through {touch.through}" if touch.through else ""
    return f"{touch.verb} {touch.resource.kind} {touch.resource.name}{columns}{through}"


def _access(action: Action) -> tuple[str, ...]:
    if action.verb != ACCESS:
        return ()
    try:
        words = describe_terms(terms_of(action.details))
    except ConflictFault:
        # What cannot be read as terms is shown as it is, with the rest of the action.
        words = ()
    rest = ("starts", "window", "until_s", "extends")
    return (*words, *(f"{name}: {action.details[name]}" for name in rest if name in action.details))


def _parts(document: Mapping[str, Json]) -> dict[str, str]:
    """Return the digest of each part of a document, by its name."""
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": digest_of({"": item}) for key, item in value.items()}
    return found


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    changed = [name for name in sorted(after) if before.get(name) != after[name]]
    return ", ".join(dict.fromkeys(_WORDS.get(name, name) for name in changed))
