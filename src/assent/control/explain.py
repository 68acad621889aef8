"""Why: everything the log says of one request, session, action or entry, in order of time."""

import json
from collections.abc import Mapping, Sequence

from assent.control.directory import Directory
from assent.control.reading import Readers
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.control.wanting import ReadPolicies, no_policies_read
from assent.control.whys import Whys
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import EntryId, Ids, RequestId, SessionId, SubjectId, TargetId
from assent.core.ports import Store, StoredEntry
from assent.core.role import Permission

MOST_LOOKED_AT = 100_000
"""Entries among which an action is looked for, the newest ones: no index is kept of actions."""
MOST_WHYS = 10
_PAGE = 1_000
_ANSWERS = (EntryKind.APPROVAL, EntryKind.APPROVAL_WITHDRAWN)


class Explain:
    """Reads entries back, with their payloads, for those who may know."""

    def __init__(
        self,
        *,
        store: Store,
        requests: Requests,
        directory: Directory,
        clock: Clock,
        ids: Ids,
        read_policies: ReadPolicies = no_policies_read,
    ) -> None:
        self._store = store
        self._readers = Readers(store=store, clock=clock, ids=ids)
        self._whys = Whys(store=store, read_policies=read_policies)
        self._requests = requests
        self._directory = directory

    async def explain(self, caller: Caller, about: str) -> Mapping[str, Json]:
        """Return `{about, why, approvals, entries}` for a request, session, entry or action.

        why: each decision in words, the newest first, of a session its newest ones; with the
        policies that settled it and their text as it was then. approvals: who answered, and when.
        Who is told of what others did is in the log first. Who may not read what others wrote is
        told the facts alone, and `withheld` says why. Raises OutsideFault where that cannot be
        said, MissingFault when there is none that this person may see.
        """
        found = await self._entries(caller, about)
        if not found:
            raise MissingFault("nothing-to-explain", f"there is no `{about[:60]}` for you")
        withheld = ""
        if await self._is_of_others(caller, about, found):
            await self._readers.read(caller, "story", about)
            withheld = await self._withheld(caller, about)
        entries = [self._readable(entry, with_payload=not withheld) for entry in found]
        if withheld:
            return {
                "about": about,
                "why": [],
                "approvals": [],
                "entries": entries,
                "withheld": withheld,
            }
        return {
            "about": about,
            "why": [await self._whys.why(*pair) for pair in _decisions(entries)],
            "approvals": [_answer(entry) for entry in entries if entry["kind"] in _ANSWERS],
            "entries": entries,
        }

    async def stored(self, caller: Caller, about: str) -> Sequence[StoredEntry]:
        """Return the entries of a request, session, entry or action, as they stand in the log.

        Raises MissingFault; may be empty where this person sees none of them.
        """
        return await self._entries(caller, about)

    async def _withheld(self, caller: Caller, about: str) -> str:
        """Return why payloads of others are not shown, empty where they are."""
        if about.startswith("req_"):
            # Who is asked about it has to know what they are asked.
            return await self._requests.withheld(caller, RequestId(about))
        return caller.withheld

    async def _is_of_others(self, caller: Caller, about: str, found: Sequence[StoredEntry]) -> bool:
        """Return whether it is about what somebody else did: of a request, who asked."""
        mine = caller.subject.id
        if about.startswith("req_"):
            request = await self._requests.seen(caller, RequestId(about))
            return request.action.subject != mine
        return any(json.loads(entry.leaf)["subject"] != mine for entry in found[:1])

    async def _entries(self, caller: Caller, about: str) -> Sequence[StoredEntry]:
        if about.startswith("req_"):
            await self._requests.seen(caller, RequestId(about))
            return await self._of_request(RequestId(about))
        if about.startswith("ses_"):
            session = await self._store.session(SessionId(about))
            if session is None or not _may_see(caller, session.subject):
                return ()
            return await self._store.entries_about(session=SessionId(about))
        if about.startswith("ent_"):
            entry = await self._store.entry(EntryId(about))
            if entry is None or not _may_see(caller, json.loads(entry.leaf)["subject"]):
                return ()
            return await self._with_attempt(entry)
        if about.startswith("act_"):
            return await self._of_action(caller, about)
        raise MissingFault(
            "nothing-to-explain",
            "name a request (req_…), a session (ses_…), an action (act_…) or an entry (ent_…)",
        )

    async def _of_action(self, caller: Caller, action: str) -> Sequence[StoredEntry]:
        """Return the attempts and decisions of an action, looked for among the newest entries.

        Raises MissingFault, in the same words whether it never was or is somebody else's.
        """
        wanted = f'"action":"{action[:60]}"'.encode()
        checkpoint = await self._store.checkpoint()
        end = checkpoint.size if checkpoint else 0
        while more := len(await self._store.entries(end, _PAGE)):
            # The log has grown since its last checkpoint.
            end += more
        oldest = max(0, end - MOST_LOOKED_AT)
        found: list[StoredEntry] = []
        while end > oldest:
            start = max(oldest, end - _PAGE)
            page = await self._store.entries(start, end - start)
            matching = [entry for entry in page if wanted in entry.leaf]
            if found and not matching:
                break
            found = [*matching, *found]
            end = start
        mine = [entry for entry in found if _may_see(caller, json.loads(entry.leaf)["subject"])]
        if not mine:
            words = f"there is no `{action[:60]}` for you among the newest {MOST_LOOKED_AT} entries"
            raise MissingFault("nothing-to-explain", words)
        return mine

    async def _of_request(self, request: RequestId) -> Sequence[StoredEntry]:
        """Return what names the request, and before it the attempt and decision it came from."""
        found = {entry.index: entry for entry in await self._store.entries_about(request=request)}
        for entry in tuple(found.values()):
            decision = json.loads(entry.leaf)["facts"].get("decision")
            decided = await self._store.entry(EntryId(decision)) if decision else None
            if decided is not None:
                found |= {one.index: one for one in await self._with_attempt(decided)}
        return [found[index] for index in sorted(found)]

    async def _with_attempt(self, entry: StoredEntry) -> Sequence[StoredEntry]:
        """Return a decision with the attempt before it, any other entry alone.

        The two are written in one transaction, so they stand next to each other.
        """
        leaf = json.loads(entry.leaf)
        if leaf["kind"] != EntryKind.DECISION or not entry.index:
            return (entry,)
        (before,) = await self._store.entries(entry.index - 1, 1)
        told = json.loads(before.leaf)
        is_its_attempt = (
            told["kind"] == EntryKind.ATTEMPT and told["facts"]["action"] == leaf["facts"]["action"]
        )
        return (before, entry) if is_its_attempt else (entry,)

    def _readable(self, stored: StoredEntry, *, with_payload: bool) -> Mapping[str, Json]:
        leaf = json.loads(stored.leaf)
        content = json.loads(stored.content) if stored.content and with_payload else None
        leaf["index"] = stored.index
        leaf["payload"] = content
        if leaf["subject"]:
            leaf["subject"] = self._name(SubjectId(leaf["subject"]))
        if leaf["target"]:
            leaf["target"] = self._target_name(TargetId(leaf["target"]))
        readable: Mapping[str, Json] = leaf
        return readable

    def _name(self, subject: SubjectId) -> str:
        try:
            return self._directory.subject(subject).name
        except MissingFault:
            return subject

    def _target_name(self, target: TargetId) -> str:
        try:
            return self._directory.target(target).name
        except MissingFault:
            return target


def _decisions(
    entries: Sequence[Mapping[str, Json]],
) -> list[tuple[Mapping[str, Json] | None, Mapping[str, Json]]]:
    """Return each decision with its attempt, the newest first, at most so many."""
    pairs: list[tuple[Mapping[str, Json] | None, Mapping[str, Json]]] = []
    attempts: dict[object, Mapping[str, Json]] = {}
    for entry in entries:
        facts = entry["facts"]
        if not isinstance(facts, Mapping):
            continue
        if entry["kind"] == EntryKind.ATTEMPT:
            attempts[facts["action"]] = entry
        elif entry["kind"] == EntryKind.DECISION:
            pairs.append((attempts.get(facts["action"]), entry))
    return pairs[: -MOST_WHYS - 1 : -1]


def _answer(entry: Mapping[str, Json]) -> Mapping[str, Json]:
    facts, payload = entry["facts"], entry["payload"] or {}
    said: dict[str, Json] = {"who": entry["subject"], "at": entry["at"]}
    if isinstance(facts, Mapping) and isinstance(payload, Mapping):
        withdrawn = entry["kind"] == EntryKind.APPROVAL_WITHDRAWN
        said["verdict"] = "withdrawn" if withdrawn else facts.get("verdict", "")
        said["comment"] = payload.get("comment", "")
    return said


def _may_see(caller: Caller, subject: SubjectId) -> bool:
    return caller.subject.id == subject or caller.may(Permission.READ_LOG)
