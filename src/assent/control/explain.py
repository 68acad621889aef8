"""Why: everything the log says of one request, session or entry, in the order of time."""

import json
from collections.abc import Mapping, Sequence

from assent.control.directory import Directory
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.entry import EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.core.ports import Store, StoredEntry


class Explain:
    """Reads entries back, with their payloads, for those who may know."""

    def __init__(self, *, store: Store, requests: Requests, directory: Directory) -> None:
        self._store = store
        self._requests = requests
        self._directory = directory

    async def explain(self, caller: Caller, about: str) -> Mapping[str, Json]:
        """Return `{about, entries: [...]}` for a request, a session or an entry.

        Raises MissingFault when there is none that this person may see.
        """
        found = await self._entries(caller, about)
        if not found:
            raise MissingFault("nothing-to-explain", f"there is no `{about[:60]}` for you")
        return {"about": about, "entries": [self._readable(entry) for entry in found]}

    async def _entries(self, caller: Caller, about: str) -> Sequence[StoredEntry]:
        if about.startswith("req_"):
            await self._requests.get(caller, RequestId(about))
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
        raise MissingFault(
            "nothing-to-explain", "name a request (req_…), a session (ses_…) or an entry (ent_…)"
        )

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

    def _readable(self, stored: StoredEntry) -> Mapping[str, Json]:
        leaf = json.loads(stored.leaf)
        content = json.loads(stored.payload)["content"] if stored.payload else None
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


def _may_see(caller: Caller, subject: SubjectId) -> bool:
    return caller.subject.id == subject or caller.oversees
