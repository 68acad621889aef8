"""How a request reads on a terminal, and how to wait for what becomes of it."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from assent.cli import output
from assent.cli.client import Client
from assent.cli.durations import distance, in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.keys import Keys

_POLL_S = 25
_WAITING = ("pending", "approved", "released")
_REFUSALS = {
    "rejected": "was rejected",
    "withdrawn": "was withdrawn",
    "expired": "expired before it was answered",
    "interrupted": "was interrupted: the gateway stopped before it ran, and it did not run",
    "outcome-unknown": "has no known outcome: the gateway stopped after its release",
}


def summary(request: Mapping[str, Any]) -> str:
    """Return what is asked for, in one line."""
    action = request["action"]
    if request["kind"] == "access":
        seconds = action.get("for_s")
        minutes = f" for {seconds // 60} min" if seconds and seconds >= 60 else ""
        less = [word for word in _words(request) if not word.startswith("for ")]
        return ", ".join([f"access{minutes}", *less])
    text = " ".join(action["text"].split())
    return text if len(text) <= 80 else text[:79] + "…"


def _words(request: Mapping[str, Any]) -> list[str]:
    """Return the terms of a request for access; servers of an older version do not say them."""
    terms = request.get("terms") or {}
    return list(terms.get("words", ()))


def show(request: Mapping[str, Any]) -> None:
    """Print one request in full: what, who, how risky, what is missing, what was answered."""
    now, action = output.now(), request["action"]
    requester = request["requester"]
    output.facts(
        [
            ("request", request["id"]),
            ("state", _state(request)),
            ("who", f"{requester['display_name'] or requester['name']} ({requester['name']})"),
            ("target", request["target"] or ""),
            ("asks for", summary(request) if request["kind"] == "access" else action["text"]),
            ("parameters", ", ".join("NULL" if p is None else p for p in action["parameters"])),
            ("touches", "\n".join(_touch(touch) for touch in action["touches"])),
            ("impact", "\n".join(request["impact"]["words"]) if request["impact"] else ""),
            ("risk", _risk(request["risk"])),
            ("policies say", "\n".join(request["messages"])),
            ("reason", request["reason"]),
            ("says it does", request.get("task", "")),
            ("ticket", request["ticket"]),
            ("needs", "\n".join(request["demands"])),
            ("missing", "\n".join(request["unmet"])),
            ("asked", ", ".join(request["asked"])),
            ("answers", "\n".join(_answer(one) for one in request["approvals"])),
            ("comments", "\n".join(_comment(one) for one in request.get("comments", ()))),
            ("asked at", in_words(request["created_at"], now)),
            ("deadline", f"{in_words(request['deadline_at'], now)}"),
            ("grant", request["grant"] or ""),
            ("link", request["link"]),
        ]
    )


def wait(client: Client, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request once it is completed; a live line says what it waits for.

    Raises CommandFault when it ends in any other way, and says so when interrupted.
    """
    current = dict(request)
    said: tuple[str, ...] = ()
    offered: list[Mapping[str, Any]] = []
    keys = Keys()
    try:
        while current["state"] in _WAITING:
            missing = tuple(current["unmet"])
            if missing != said:
                output.live("")
                output.note(_waiting(current))
                said = missing
            offers = _offers(current)
            if offers != offered:
                for one in offers:
                    output.live("")
                    output.note(_offer(one, current, keys.readable and len(offers) == 1))
                offered = offers
            output.live(f"waiting, {distance(current['deadline_at'], output.now())} at most")
            path = f"/v1/requests/{current['id']}"
            with keys if offers else nullcontext():
                # A key is looked for between two looks at the request.
                wait_s = 1 if offers and keys.readable else _POLL_S
                current = client.get(path, wait_s=wait_s, changed_after=current["changed_at"])
                pressed = keys.pressed() if len(offers) == 1 else ""
            if pressed == "a":
                chosen = {"offer": offers[0]["id"]}
                current = client.post(f"{path}/accept", chosen)
    except KeyboardInterrupt:
        output.note(
            f"\nthe request still waits; `assent withdraw {current['id']}` takes it back, "
            f"`assent show {current['id']}` says how it stands"
        )
        raise
    finally:
        output.live("")
    if current["state"] != "completed":
        raise refused(current)
    return current


def refused(request: Mapping[str, Any]) -> CommandFault:
    """Return the fault that says how a request ended that was not completed."""
    state = request["state"]
    words = _REFUSALS.get(state, f"is {state}")
    by = f" by {request['settled_by']}" if request["settled_by"] and state == "rejected" else ""
    said = [one["comment"] for one in request["approvals"] if one["verdict"] == "reject"]
    comment = f": “{said[-1]}”" if said and said[-1] else ""
    return CommandFault(
        ExitCode.DENIED,
        state,
        f"request `{request['id']}` {words}{by}{comment}; "
        f"`assent explain {request['id']}` says why it was needed",
    )


def _waiting(request: Mapping[str, Any]) -> str:
    asked = f"; asked: {', '.join(request['asked'])}" if request["asked"] else ""
    lines = [f"request {request['id']} needs {' and '.join(request['unmet']) or 'nothing more'}"]
    lines[0] += f"{asked}; until {in_words(request['deadline_at'], output.now())}"
    if any("say why" in word for word in request["unmet"]):
        lines.append(f'  say why with: assent reason {request["id"]} "…"')
    if any("password" in word for word in request["unmet"]):
        lines.append("  confirm your password with: assent step-up")
    return "\n".join([*lines, f"  {request['link']}"])


def _state(request: Mapping[str, Any]) -> str:
    outcome = f": {request['outcome']}" if request["outcome"] else ""
    by = f" by {request['settled_by']}" if request["settled_by"] else ""
    return f"{request['state']}{by}{outcome}"


def _touch(touch: Mapping[str, Any]) -> str:
    columns = f" ({', '.join(touch['columns'])})" if touch["columns"] else ""
    through = f" through {touch['through']}" if touch["through"] else ""
    return f"{touch['verb']} {touch['resource']}{columns}{through}"


def _risk(risk: Mapping[str, Any]) -> str:
    lines = [f"{risk['score']} of 100, {risk['level']}: {risk['headline']}"]
    lines += [f"{factor['points']:>+4}  {factor['reason']}" for factor in risk["factors"]]
    if risk["otherwise"]:
        lines.append(risk["otherwise"])
    lines += [f"not known: {words}" for words in risk["unknown"]]
    return "\n".join([*lines, risk["confidence_because"]])


def _answer(approval: Mapping[str, Any]) -> str:
    verb = {"approve": "assents", "offer": "offers less"}.get(approval["verdict"], "rejects")
    if approval.get("signed"):
        verb += " with their signature"
    if approval["rejected_as"]:
        verb += f" as {approval['rejected_as'].replace('-', ' ')}"
    if approval.get("terms"):
        verb += f" ({', '.join(approval['terms']['words'])})"
    if approval.get("in_place_of"):
        verb += f" in place of {approval['in_place_of']}"
    if approval.get("by_requester"):
        verb = "approved by the requester themself, as policy lets,"
    comment = f": {approval['comment']}" if approval["comment"] else ""
    told = f"{approval['approver']} {verb} at {in_words(approval['at'], output.now())}{comment}"
    if approval.get("withdrawn_at"):
        return f"{told}; withdrawn at {in_words(approval['withdrawn_at'], output.now())}"
    if approval["verdict"] == "approve" and not approval.get("counts", True):
        return f"{told}; it was for more than is asked for now, and does not count"
    return f"{told}; accept it with: assent accept" if approval.get("acceptable") else told


def _comment(comment: Mapping[str, Any]) -> str:
    return f"{comment['by']} at {in_words(comment['at'], output.now())}: {comment['text']}"


def _offers(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in request["approvals"] if one.get("acceptable")]


def _offer(offer: Mapping[str, Any], request: Mapping[str, Any], has_keys: bool) -> str:
    words = ", ".join(offer["terms"]["words"])
    comment = f" (“{offer['comment']}”)" if offer["comment"] else ""
    how = "press `a` to accept, or in another terminal: " if has_keys else "accept it with: "
    command = f"assent accept {request['id']} --offer {offer['id']}"
    return f"{offer['approver']} offers: {words}{comment}\n  {how}{command}"
