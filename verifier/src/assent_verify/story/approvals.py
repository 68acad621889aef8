"""Check 11: who assented, whether that was signed with a good key, and whether it counted.

docs/specs/signed-approvals.md, Verification. What people do is little: it is kept for the
whole log, and checked when all of it is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from assent_verify.report import Findings, NamedEntry
from assent_verify.story.decisions import APPROVALS, Counted
from assent_verify.story.plans import Plan
from assent_verify.story.signatures import (
    OF_A_SIGNATURE,
    Key,
    check_document,
    check_public_key,
    check_signature,
    is_known,
    message,
)

KINDS = frozenset({"approval", "approval.withdrawn", "device.enrolled", "device.revoked"})


@dataclass(frozen=True, slots=True)
class Act:
    """An entry about an approval or a key. document: what was shown, None where it is not here."""

    kind: str
    entry: NamedEntry
    subject: str | None
    request: str | None
    facts: dict[str, Any]
    has_payload: bool
    document: Any = None


def act_of(index: int, leaf: dict[str, Any], content: dict[str, Any] | None) -> Act:
    """Return what an entry of `KINDS` says."""
    document = None
    if content is not None and "signature" in leaf["facts"]:
        document = content.get("shown", False)
    return Act(
        leaf["kind"],
        NamedEntry(index, leaf["id"]),
        leaf["subject"],
        leaf["request"],
        leaf["facts"],
        leaf["payload"] is not None,
        document,
    )


@dataclass(slots=True)
class _Enrolled:
    key: Key
    owner: str | None
    revoked: NamedEntry | None = None


@dataclass(slots=True)
class _Answer:
    act: Act
    is_signed: bool
    withdrawn: NamedEntry | None = None


@dataclass(slots=True)
class Approvals:
    """Checks all that people answered.

    has_gaps: entries cannot be read, and may say more. plans: all that were proposed.
    """

    findings: Findings
    has_gaps: bool = False
    signed: int = 0
    shown: int = 0
    counted: int = 0
    plans: list[Plan] = field(default_factory=list)
    _keys: dict[str, _Enrolled] = field(default_factory=dict)
    _publics: set[str] = field(default_factory=set)
    _answers: dict[str, _Answer] = field(default_factory=dict)

    def follow(self, acts: Iterable[Act]) -> None:
        """Read the acts of a range, in the order of the log."""
        for act in acts:
            if act.kind == "device.enrolled":
                self._enrol(act)
            elif act.kind == "device.revoked":
                self._revoke(act)
            elif act.kind == "approval.withdrawn":
                self._withdraw(act)
            else:
                self._answer(act)

    # Whose key it is

    def _enrol(self, act: Act) -> None:
        facts, entry = act.facts, act.entry
        key, kind, public = facts.get("key"), facts.get("kind"), facts.get("public_key")
        if not (isinstance(key, str) and isinstance(kind, str) and isinstance(public, str)):
            self._fail(entry, f"{entry} enrols a key and does not say which")
            return
        rp_id = facts.get("rp_id")
        enrolled = Key(kind, public, rp_id if isinstance(rp_id, str) else "")
        if is_known(kind):
            try:
                check_public_key(enrolled)
            except ValueError as error:
                self._fail(entry, f"{entry} enrols key `{key[:80]}`: {error}")
        if key in self._keys or public in self._publics:
            # The first one stands: nobody puts another key in the place of an enrolled one.
            self._fail(entry, f"{entry} enrols key `{key[:80]}`, which was enrolled before")
            return
        self._keys[key] = _Enrolled(enrolled, act.subject)
        self._publics.add(public)

    def _revoke(self, act: Act) -> None:
        key = self._keys.get(str(act.facts.get("key")))
        if key is None:
            self._unknown(act.entry, f"{act.entry} revokes a key that no entry before it enrolled")
            return
        if act.facts.get("holder") != key.owner:
            self._fail(act.entry, f"{act.entry} revokes a key of `{key.owner}` as another's")
        key.revoked = key.revoked or act.entry

    # What they answered

    def _withdraw(self, act: Act) -> None:
        answer = self._answers.get(str(act.facts.get("approval")))
        if answer is not None:
            answer.withdrawn = answer.withdrawn or act.entry

    def _answer(self, act: Act) -> None:
        name = act.facts.get("approval")
        is_signed = not act.facts.keys().isdisjoint({*OF_A_SIGNATURE, "assertion"})
        if isinstance(name, str):
            if name in self._answers:
                words = f"has the id of the one in {self._answers[name].act.entry}"
                self._fail(act.entry, f"{act.entry} is an approval that {words}")
            else:
                self._answers[name] = _Answer(act, is_signed)
        if is_signed:
            self._check_signed(act)

    def _check_signed(self, act: Act) -> None:
        names = ("verdict", "digest", *sorted(OF_A_SIGNATURE))
        texts = {name: value for name in names if isinstance(value := act.facts.get(name), str)}
        if len(texts) != len(names):
            self._refuse(act, "it does not say all that belongs to a signature")
            return
        key = self._keys.get(texts["key"])
        if key is None:
            words = f"with key `{texts['key'][:80]}`, which no entry before it enrolled"
            self._unknown(act.entry, f"{act.entry} is an approval signed {words}")
        elif key.key.kind != texts["key_kind"]:
            self._refuse(act, "its key was enrolled as one of another kind")
        elif key.owner != act.subject:
            self._refuse(act, f"key `{texts['key'][:80]}` is of `{key.owner}`")
        elif key.revoked is not None:
            self._refuse(act, f"its key was revoked before, by {key.revoked}")
        elif not is_known(key.key.kind):
            words = f"signatures of kind `{key.key.kind[:80]}` cannot be checked by this program"
            said = f"{act.entry} is a signed approval: {words}"
            self.findings.miss(APPROVALS, said, act.entry)
        else:
            self._check_signature(act, texts, key.key)

    def _check_signature(self, act: Act, texts: dict[str, str], key: Key) -> None:
        if act.request is None or not act.has_payload:
            self._refuse(act, "it does not say of which request, or what was shown")
            return
        signed = message(texts["verdict"], act.request, texts["digest"], texts["shown"])
        try:
            check_signature(key, signed, texts["signature"], act.facts.get("assertion"))
            if act.document is not None:
                check_document(act.document, act.request, texts["digest"], texts["shown"])
                self.shown += 1
        except ValueError as error:
            self._refuse(act, str(error))
            return
        self.signed += 1

    # What was counted

    def check_counted(self, counted: Iterable[Counted]) -> None:
        """Check that what permits counted was answered, so and before, and not withdrawn."""
        for one in counted:
            self.counted += 1
            words = self._wrong(one)
            if not words:
                continue
            said = f"{one.decision} counts the assent `{one.approval[:80]}`, {words}"
            if self.has_gaps and one.approval not in self._answers:
                self.findings.miss(APPROVALS, f"{said}; it may be there unread", one.decision)
            else:
                self._fail(one.decision, said)

    def _wrong(self, one: Counted) -> str:
        answer = self._answers.get(one.approval)
        if answer is None or answer.act.entry.index > one.decision.index:
            return "which no entry before it holds"
        act, where = answer.act, answer.act.entry
        if act.subject != one.approver:
            return f"which {where} says somebody else gave"
        digest = act.facts.get("digest")
        if act.request != one.request or (digest != one.digest and not self._planned(digest, one)):
            return f"which {where} says was given to something else"
        if act.facts.get("verdict") == "reject":
            return f"which {where} says is a rejection"
        if one.signed and not answer.is_signed:
            return f"as signed, which by {where} it is not"
        withdrawn = answer.withdrawn
        if withdrawn is not None and withdrawn.index < one.decision.index:
            return f"which was withdrawn before, by {withdrawn}"
        return ""

    def _planned(self, digest: Any, one: Counted) -> bool:
        """Return whether somebody assented to a plan of which the action is a part."""
        return any(
            plan.digest == digest
            and (plan.subject, plan.target) == (one.subject, one.target)
            and one.part in plan.parts
            for plan in self.plans
        )

    def _refuse(self, act: Act, words: str) -> None:
        self._fail(act.entry, f"{act.entry} is a signed approval: {words}")

    def _fail(self, entry: NamedEntry, words: str) -> None:
        self.findings.fail(APPROVALS, words, entry)

    def _unknown(self, entry: NamedEntry, words: str) -> None:
        if self.has_gaps:
            said = f"{words}; it may be among the entries that cannot be read"
            self.findings.miss(APPROVALS, said, entry)
        else:
            self._fail(entry, words)
