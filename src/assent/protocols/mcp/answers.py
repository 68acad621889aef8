"""What an agent is answered where something was not done: in words, and so that it can read it.

A call that was refused is a result with `isError`, because a model sees results and no errors of
the protocol (MCP, tools).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.clock import isoformat
from assent.core.decision import code_of, describe
from assent.core.plugins import RefusalKind, Refused
from assent.core.request import Request
from assent.protocols.mcp import messages

KEY = "assent"
"""Under which name of `inputRequests` a person is asked to look at a request."""
RETRY_AFTER_S = 5
_CODES = {
    RefusalKind.DENIED: "denied",
    RefusalKind.REJECTED: "rejected",
    RefusalKind.TIMED_OUT: "nobody-answered",
    RefusalKind.WITHDRAWN: "withdrawn",
    RefusalKind.UNAVAILABLE: "unavailable",
    RefusalKind.WAITING: "waiting",
}
_LONGEST_STATE = 200


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal with what is known around it.

    request: that people are asked in. missing: what is still needed, in words. asked: names of who
    was asked. url: where a person looks at it. others: tools that only read, which would do less.
    """

    refused: Refused
    code: str
    request: Request | None = None
    missing: Sequence[str] = ()
    asked: Sequence[str] = ()
    url: str = ""
    others: Sequence[str] = ()

    @property
    def waits(self) -> bool:
        """Whether the same, sent again, goes on with what people are asked."""
        return self.refused.kind is RefusalKind.WAITING


def explained(refused: Refused, **more: Any) -> Explained:
    """Return a refusal, explained by `more`."""
    return Explained(refused, _CODES[refused.kind], **more)


def content(why: Explained) -> dict[str, Any]:
    """Return a refusal for a program: `structuredContent` of a result, `data` of an error."""
    refused, request = why.refused, why.request
    known = {
        "code": why.code,
        "message": refused.message,
        "why": refused.detail,
        "hint": refused.hint,
        "request": refused.request,
        "entry": refused.entry,
        "url": why.url,
        "missing": list(why.missing),
        "asked": list(why.asked),
        "alternatives": [{"tool": name, "because": "it only reads"} for name in why.others],
    }
    said: dict[str, Any] = {name: value for name, value in known.items() if value}
    if request is not None:
        said["needed"] = [
            {"kind": code_of(remedy), "what": describe(remedy)} for remedy in request.remedies
        ]
        said["deadline"] = isoformat(request.deadline_at)
        assessment = request.assessment
        said["risk"] = {"score": assessment.score, "level": assessment.level.value}
        if assessment.otherwise:
            said["risk"]["otherwise"] = assessment.otherwise
    if why.waits:
        said["retry_after_s"] = RETRY_AFTER_S
        said["retry"] = "send the same call again: it goes on with this request"
    return said


def refused_result(why: Explained) -> dict[str, Any]:
    """Return the result of a call that was refused, or that waits and whose client cannot."""
    refused = why.refused
    lines = [refused.message, refused.detail, refused.hint]
    if why.waits and why.url:
        lines.append(f"a person can answer it at {why.url}")
    if why.others:
        lines.append(f"tools that only read: {', '.join(why.others)}")
    text = "\n".join(line for line in lines if line)
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": content(why),
        "isError": True,
    }


def failed_result(code: str, words: str) -> dict[str, Any]:
    """Return the result of a call that was permitted and came to nothing that may be shown."""
    return {
        "content": [{"type": "text", "text": words}],
        "structuredContent": {"code": code, "message": words},
        "isError": True,
    }


def refused_error(id: messages.MessageId, why: Explained) -> dict[str, Any]:
    """Return the answer to anything but a call that was refused, or waits."""
    number = messages.WAITING if why.waits else messages.REFUSED
    return messages.error(id, number, why.refused.message, content(why))


def input_required(why: Explained, *, opens_pages: bool) -> dict[str, Any]:
    """Return the result by which a client of 2026-07-28 is told to come back.

    opens_pages: its person can be shown where the request is answered; otherwise it just asks
    again. The state says nothing that the gateway believes: the same call finds its request.
    """
    result: dict[str, Any] = {
        "resultType": "input_required",
        "requestState": f"{KEY}:{why.refused.request}"[:_LONGEST_STATE],
        "_meta": {"assent/waiting": content(why)},
    }
    if opens_pages:
        params = {"mode": "url", "message": why.refused.message, "url": why.url}
        result["inputRequests"] = {KEY: {"method": "elicitation/create", "params": params}}
    return result


def elicitation_error(id: messages.MessageId, why: Explained) -> dict[str, Any]:
    """Return the error by which a client of 2025-11-25 is told to send its person to a page."""
    elicitation = {
        "mode": "url",
        "elicitationId": why.refused.request,
        "url": why.url,
        "message": why.refused.message,
    }
    data = {"elicitations": [elicitation], "assent": content(why)}
    return messages.error(id, messages.URL_ELICITATION_REQUIRED, why.refused.message, data)


def answered(params: Mapping[str, Any]) -> str:
    """Return what a person did with the page: `accept`, `decline`, `cancel`; empty for nothing."""
    responses = params.get("inputResponses")
    own = responses.get(KEY) if isinstance(responses, dict) else None
    action = own.get("action") if isinstance(own, dict) else None
    return action if action in ("accept", "decline", "cancel") else ""


def resumed(params: Mapping[str, Any]) -> str:
    """Return the request that a client of 2026-07-28 comes back to, empty for none."""
    state = params.get("requestState")
    if not isinstance(state, str) or len(state) > _LONGEST_STATE:
        return ""
    return state.removeprefix(f"{KEY}:") if state.startswith(f"{KEY}:") else ""
