"""Showing an approver exactly what they sign, and signing it with this device's key.

What is printed is made from the document whose digest is signed, and from nothing else.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from assent.cli import credentials, device_keys, output
from assent.cli.client import Client
from assent.cli.device_keys import DeviceKey
from assent.cli.exit_codes import CommandFault, ExitCode

_MOST_LOOKS = 5
ENROL = "`assent device enroll` enrols this device"


def key_for(client: Client) -> DeviceKey | None:
    """Return this device's key for whoever is signed in, None where it is not enrolled."""
    if not device_keys.any_for(client.url):
        return None
    kept = credentials.load()
    name = kept.name if kept else ""
    return device_keys.find(client.url, name or str(client.get("/v1/whoami")["name"]))


def answer_unsigned(send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what the server answers; where it wants a signature, say how to come by one."""
    try:
        return send()
    except CommandFault as fault:
        if fault.code != "signature-needed":
            raise
        raise CommandFault(fault.exit_code, fault.code, f"{fault.detail}; {ENROL}") from None


def answer_signed(
    look: Callable[[], dict[str, Any]],
    send: Callable[[dict[str, Any]], dict[str, Any]],
    verdict: str,
    key: DeviceKey,
    *,
    asks: bool = True,
) -> dict[str, Any]:
    """Return what the server answers to a signed answer.

    look: returns what is shown now. send: sends the answer with its proof. asks: whether the
    person is asked after they saw it. Where it changes meanwhile, it is shown and asked again.
    Raises CommandFault.
    """
    for _ in range(_MOST_LOOKS):
        shown = look()
        if asks:
            show(shown["document"], str(shown["digest"]))
            if not shown["can_answer"]:
                output.note("\nyour answer would not count now")
            confirm(verdict)
        try:
            return send(proof_of(shown, verdict, key))
        except CommandFault as fault:
            if fault.code != "shown-changed" or not asks:
                raise
            output.note(f"\n{fault.detail}\n")
    raise CommandFault(ExitCode.CONFLICT, "shown-changed", "it changes again and again; wait a bit")


def proof_of(shown: Mapping[str, Any], verdict: str, key: DeviceKey) -> dict[str, Any]:
    """Return what proves an answer to what was shown. Raises CommandFault where it does not fit.

    The digests are worked out here: a server cannot show one thing and have another one signed.
    """
    from assent.audit.approval_signatures import approval_message, check_document

    document, digest = shown["document"], str(shown["digest"])
    try:
        action_digest = str(document["action"]["digest"])
        check_document(document, str(document["request"]), action_digest, digest)
        message = approval_message(verdict, str(document["request"]), action_digest, digest)
    except (ValueError, KeyError, TypeError) as error:
        words = f"the server shows something else than it wants signed: {error}; nothing was signed"
        raise CommandFault(ExitCode.OUTSIDE, "bad-document", words) from error
    signature = {"kind": key.kind, "key": key.id, "signature": key.sign(message)}
    return {"shown": digest, "signature": signature}


def confirm(verdict: str) -> None:
    """Go on only if the person says yes. Raises CommandFault."""
    what = "approve" if verdict == "approve" else verdict
    print(f"\nType y to sign and {what}: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandFault(
            ExitCode.USAGE, "not-confirmed", "nothing was signed and nothing was answered"
        )


def show(document: Mapping[str, Any], digest: str) -> None:
    """Print a document for people: on stderr, since the result of the command is its answer."""
    for name, value in pairs(document, digest):
        if value:
            lines = output.clean(value).splitlines() or [""]
            output.note(f"{name:<13} {lines[0]}")
            for line in lines[1:]:
                output.note(" " * 14 + line)


def pairs(document: Mapping[str, Any], digest: str) -> list[tuple[str, str]]:
    """Return names and values of what a document says, in the order of weight."""
    action, evidence, terms = document["action"], document["evidence"], document["terms"]
    bound = action["bound"]
    where = [action["target"], action["environment"], action["database"]]
    details = [f"{name}: {value}" for name, value in sorted(bound["details"].items())]
    return [
        ("request", document["request"]),
        ("who", action["requester"]),
        ("from", "\n".join(evidence["came_from"])),
        ("target", ", ".join(word for word in where if word)),
        ("wants", bound["verb"]),
        ("text", bound["text"]),
        ("parameters", ", ".join("NULL" if p is None else p for p in bound["parameters"])),
        ("details", "\n".join(details)),
        ("touches", "\n".join(action["touches"])),
        ("", "" if action["understood"] else "not all of it was understood"),
        ("access", ", ".join(terms["access"])),
        ("you offer", ", ".join(terms["offered"])),
        ("impact", "\n".join(evidence["impact"])),
        ("risk", _risk(evidence)),
        ("policies say", "\n".join(terms["messages"])),
        ("policies", ", ".join(terms["policies"])),
        ("reason", evidence["reason"]),
        ("ticket", " ".join(word for word in (evidence["ticket"], _said(evidence)) if word)),
        ("needs", "\n".join(terms["demands"])),
        ("deadline", terms["deadline_at"]),
        ("asked at", document["asked_at"]),
        ("action", action["digest"]),
        ("shown", digest),
    ]


def _said(evidence: Mapping[str, Any]) -> str:
    return f"(the tracker says: {evidence['ticket_said']})" if evidence["ticket_said"] else ""


def _risk(evidence: Mapping[str, Any]) -> str:
    lines = [f"{evidence['score']} of 100, {evidence['level']}: {evidence['headline']}"]
    lines += [f"{points:>+4}  {reason}" for points, reason in evidence["factors"]]
    lines += [evidence["otherwise"]] if evidence["otherwise"] else []
    lines += [f"not known: {words}" for words in evidence["unknown"]]
    return "\n".join([*lines, evidence["confidence"]])
