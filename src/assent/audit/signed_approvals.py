"""The signed approvals of a log, read in order: whose key it was, whether it was good then.

docs/specs/signed-approvals.md, Verification.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.audit.approval_signatures import (
    approval_message,
    check_document,
    check_public_key,
    check_signature,
    is_known,
)
from assent.audit.entry import decode_payload
from assent.audit.report import Findings, NamedEntry
from assent.audit.sealing import key_of
from assent.core.canonical import Json
from assent.core.entry import EntryKind

_OF_A_SIGNATURE = frozenset({"key", "key_kind", "shown", "signature"})


@dataclass(slots=True)
class _Enrolled:
    kind: str
    public_key: str
    owner: Json
    revoked: NamedEntry | None = None


@dataclass(frozen=True, slots=True)
class _Awaited:
    """What the payload of an entry must show."""

    entry: NamedEntry
    request: str | None
    action_digest: str
    shown: str


class SignedApprovals:
    """Checks every signature of an approval against the keys that the log enrolled before it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._keys: dict[str, _Enrolled] = {}
        self._ids: dict[str, str] = {}
        self._awaited: dict[int, _Awaited] = {}
        self._has_gaps = False
        self._signed = 0
        self._shown = 0

    def skip(self) -> None:
        """Note that entries cannot be read: they may have enrolled or revoked a key."""
        self._has_gaps = True

    def read(self, entry: NamedEntry, leaf: Mapping[str, Json]) -> None:
        """Follow what a leaf says of keys and signatures."""
        kind, facts = leaf["kind"], leaf["facts"]
        if not isinstance(facts, Mapping):
            return
        if kind == EntryKind.DEVICE_ENROLLED:
            self._enrol(entry, leaf, facts)
        elif kind == EntryKind.DEVICE_REVOKED:
            self._revoke(entry, facts)
        elif kind == EntryKind.APPROVAL and not facts.keys().isdisjoint(
            {*_OF_A_SIGNATURE, "assertion"}
        ):
            self._check(entry, leaf, facts)

    def check_payload(self, index: int, payload: bytes) -> None:
        """Check what lies beside the entry at `index`, whose digest is right."""
        awaited = self._awaited.pop(index, None)
        # What is sealed is for those who have its key.
        if awaited is None or key_of(payload) is not None:
            return
        try:
            document = decode_payload(payload).get("shown")
            if not isinstance(document, Mapping):
                raise ValueError("there is no document of what was shown beside it")
            check_document(document, awaited.request, awaited.action_digest, awaited.shown)
        except ValueError as error:
            self._findings.fail(f"{awaited.entry} is a signed approval: {error}", awaited.entry)
            return
        self._shown += 1

    def summarise(self) -> None:
        """Say how many there were."""
        approvals = "1 approval is" if self._signed == 1 else f"{self._signed} approvals are"
        self._findings.summary = (
            f"{approvals} signed by a key of who approved, good then; "
            f"of {self._shown} the document that they were shown is here"
            if self._signed
            else "no approval is signed"
        )

    def _enrol(
        self, entry: NamedEntry, leaf: Mapping[str, Json], facts: Mapping[str, Json]
    ) -> None:
        key, kind, public_key = facts.get("key"), facts.get("kind"), facts.get("public_key")
        if not (isinstance(key, str) and isinstance(kind, str) and isinstance(public_key, str)):
            self._findings.fail(f"{entry} enrols a key and does not say which", entry)
            return
        if is_known(kind):
            try:
                check_public_key(kind, public_key)
            except ValueError as error:
                self._findings.fail(f"{entry} enrols key `{key}`: {error}", entry)
        if key in self._keys or public_key in self._ids:
            # The first one stands: nobody puts another key in the place of an enrolled one.
            self._findings.fail(f"{entry} enrols key `{key}`, which was enrolled before", entry)
            return
        self._keys[key] = _Enrolled(kind, public_key, leaf["subject"])
        self._ids[public_key] = key

    def _revoke(self, entry: NamedEntry, facts: Mapping[str, Json]) -> None:
        enrolled = self._keys.get(str(facts.get("key")))
        if enrolled is None:
            self._unknown(entry, f"{entry} revokes a key that no entry before it enrolled")
            return
        if facts.get("holder") != enrolled.owner:
            self._findings.fail(f"{entry} revokes a key of `{enrolled.owner}` as another's", entry)
        enrolled.revoked = enrolled.revoked or entry

    def _check(
        self, entry: NamedEntry, leaf: Mapping[str, Json], facts: Mapping[str, Json]
    ) -> None:
        names = ("verdict", "digest", *sorted(_OF_A_SIGNATURE))
        texts = {name: value for name in names if isinstance(value := facts.get(name), str)}
        if len(texts) != len(names):
            self._fail(entry, "it does not say all that belongs to a signature")
            return
        enrolled = self._keys.get(texts["key"])
        if enrolled is None:
            words = f"with key `{texts['key'][:80]}`, which no entry before it enrolled"
            self._unknown(entry, f"{entry} is an approval signed {words}")
            return
        if enrolled.kind != texts["key_kind"]:
            self._fail(entry, "its key was enrolled as one of another kind")
        elif enrolled.owner != leaf["subject"]:
            self._fail(entry, f"key `{texts['key']}` is of `{enrolled.owner}`")
        elif enrolled.revoked is not None:
            self._fail(entry, f"its key was revoked before, by {enrolled.revoked}")
        elif not is_known(enrolled.kind):
            words = f"signatures of kind `{enrolled.kind[:80]}` cannot be checked by this program"
            self._findings.miss(f"{entry} is a signed approval: {words}", entry)
        else:
            self._check_signature(entry, leaf, texts, enrolled, facts.get("assertion"))

    def _check_signature(
        self,
        entry: NamedEntry,
        leaf: Mapping[str, Json],
        texts: Mapping[str, str],
        enrolled: _Enrolled,
        assertion: Json,
    ) -> None:
        request = leaf["request"]
        if not isinstance(request, str) or leaf["payload"] is None:
            self._fail(entry, "it does not say of which request, or what was shown")
            return
        message = approval_message(texts["verdict"], request, texts["digest"], texts["shown"])
        covered = {}
        if isinstance(assertion, Mapping):
            covered = {name: str(value) for name, value in assertion.items()}
        elif assertion is not None:
            self._fail(entry, "its assertion is malformed")
            return
        try:
            check_signature(
                enrolled.kind, enrolled.public_key, message, texts["signature"], covered
            )
        except ValueError as error:
            self._fail(entry, str(error))
            return
        self._signed += 1
        self._awaited[entry.index] = _Awaited(entry, request, texts["digest"], texts["shown"])

    def _fail(self, entry: NamedEntry, words: str) -> None:
        self._findings.fail(f"{entry} is a signed approval: {words}", entry)

    def _unknown(self, entry: NamedEntry, words: str) -> None:
        if self._has_gaps:
            said = f"{words}; it may be among the entries that cannot be read"
            self._findings.miss(said, entry)
        else:
            self._findings.fail(words, entry)
