"""What an entry says happened, in one line that is made of its public facts alone.

No payload is read for it: a list of entries shows nothing that would have to be opened.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Facts: TypeAlias = Mapping[str, Any]
Name: TypeAlias = Callable[[str], str]
"""What an id is called, the id itself where nobody knows."""


def what_happened(kind: str, facts: Facts, name: Name) -> str:
    """Return what happened, without who did it: `signed in by passkey`.

    A kind that this program does not know is told by its own name.
    """
    told = _TOLD.get(kind)
    return told(facts, name) if told else kind.replace(".", " ")


def _decision(facts: Facts, name: Name) -> str:
    policies = ", ".join(facts.get("policies") or ())
    by = f" by {policies}" if policies else ""
    if facts.get("outcome") == "permit":
        return f"permitted{by}, risk {facts.get('score', 0)}"
    needs = facts.get("remedies") or ()
    if needs:
        return f"asks for {' and '.join(_REMEDIES.get(one, one) for one in needs)}{by}"
    return f"refused{by}, {facts.get('code', 'forbidden')}"


def _result(facts: Facts, name: Name) -> str:
    outcome = _OUTCOMES.get(facts.get("outcome", ""), "ended")
    rows = facts.get("rows")
    return outcome if rows is None else f"{outcome}, {rows:,} {'row' if rows == 1 else 'rows'}"


def _request(facts: Facts, name: Name) -> str:
    return f"the request is {facts.get('state', 'changed')}"


def _approval(facts: Facts, name: Name) -> str:
    said = {"approve": "assented", "reject": "rejected it", "offer": "offered less"}
    words = said.get(facts.get("verdict", ""), "answered")
    if facts.get("rejected_as"):
        words += f" as {facts['rejected_as'].replace('-', ' ')}"
    if facts.get("in_place_of"):
        words += f" in the place of {name(facts['in_place_of'])}"
    return words + (", signed" if facts.get("signature") else "")


def _refused_sign_in(facts: Facts, name: Name) -> str:
    count = facts.get("count", 1)
    times = "" if count == 1 else f" {count} times"
    return f"was refused{times}: {facts.get('code', 'sign-in-refused')}"


def _read(facts: Facts, name: Name) -> str:
    what = facts.get("what", "log")
    about = f" of {name(facts['about'])}" if facts.get("about") else ""
    return "looked through the log" if what == "log" else f"read {what}{about}"


def _invited(facts: Facts, name: Name) -> str:
    purpose = str(facts.get("purpose", "invitation")).replace("-", " ")
    about = facts.get("about")
    return f"made a link: {purpose}{f' for {name(about)}' if about else ''}"


def _about(words: str) -> "Callable[[Facts, Name], str]":
    def told(facts: Facts, name: Name) -> str:
        about = facts.get("about") or facts.get("holder")
        return f"{words} {name(about)}" if about else words

    return told


def _said(words: str) -> "Callable[[Facts, Name], str]":
    return lambda facts, name: words


def _with(words: str, key: str) -> "Callable[[Facts, Name], str]":
    return lambda facts, name: f"{words} {facts[key]}" if key in facts else words


_OUTCOMES = {
    "done": "done",
    "error": "failed at the target",
    "unknown": "ended, and nobody knows how",
    "not-run": "was not run",
}
_REMEDIES = {
    "reason": "a reason",
    "ticket": "a ticket",
    "step-up": "a fresh proof of who it is",
    "approval": "the assent of people",
}
_TOLD: Mapping[str, Callable[[Facts, Name], str]] = {
    "server.started": _with("the server started, version", "version"),
    "server.stopped": _said("the server stopped"),
    "policy.changed": _with("the folder's policies were read again:", "policy_revision"),
    "configuration.applied": _with("put in force", "policy_revision"),
    "configuration.changed": _said("the configuration differs from the last start"),
    "risk-model.changed": _said("the risk model differs from the last start"),
    "login": _with("signed in by", "method"),
    "login.refused": _refused_sign_in,
    "logout": _said("signed out"),
    "step-up": _with("confirmed who they are, by", "method"),
    "attempt": _with("attempted", "verb"),
    "decision": _decision,
    "remedy.met": _with("what was asked for is there:", "remedy"),
    "result": _result,
    "request.opened": _said("a request was opened"),
    "request.changed": _request,
    "request.settled": _request,
    "request.commented": _said("said something about the request"),
    "approval": _approval,
    "approval.withdrawn": _said("took an assent back"),
    "grant.issued": _about("access was granted to"),
    "grant.changed": _about("the time of a grant began, or changed, for"),
    "grant.revoked": _about("access was taken from"),
    "grant.expired": _about("access ended by itself for"),
    "credential.minted": _said("a password for sessions was made"),
    "credential.ended": _said("a password for sessions was ended"),
    "session.opened": _with("a session opened, by", "protocol"),
    "session.segment": _said("a part of the recording was sealed"),
    "session.ended": _with("the session ended:", "state"),
    "session.standing": _with("what the session may do changed to", "standing"),
    "session.watched": _about("watched a session of"),
    "session.steered": _with("steered the session:", "what"),
    "audit.exported": _said("took the log, or a part of it, with them"),
    "log.read": _read,
    "recording.read": _about("read a recording of"),
    "security.event": _about("something was said about the security of"),
    "profile.forgotten": _about("had it forget what was learned of"),
    "labels.scanned": _said("had it look at values of the target"),
    "label.suggested": _said("a label was suggested"),
    "label.decided": _with("a label was", "state"),
    "device.enrolled": _with("enrolled a device, kind", "kind"),
    "device.revoked": _about("revoked a device of"),
    "device.admitted": _about("admitted a device of"),
    "device.reported": _said("a device said how it is"),
    "review.opened": _with("a review was opened for", "group"),
    "review.closed": _with("closed a review:", "verdict"),
    "absence": _said("said when they are away"),
    "key.rotated": _said("the log's key was replaced"),
    "payload.redacted": _about("what the log says was made unreadable, of"),
    "legal-hold.placed": _about("nothing may be erased any more, of"),
    "legal-hold.lifted": _about("a legal hold was lifted, of"),
    "log.pruned": _with("old entries were deleted, below", "minimum"),
    "anchor.recorded": _with("the log was anchored outside:", "kind"),
    "log.disputed": _with("a witness disputes the log:", "witness"),
    "person.added": _about("added"),
    "person.changed": _about("changed"),
    "person.invited": _invited,
    "group.changed": _said("a group was changed"),
    "authenticator.added": _with("added a way to sign in:", "kind"),
    "authenticator.removed": _with("took a way to sign in away:", "kind"),
    "token.minted": _about("made a token for"),
    "token.revoked": _about("ended a token of"),
}
