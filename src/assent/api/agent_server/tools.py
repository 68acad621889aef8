"""All tools of Assent's own MCP server, in the order in which agents need them."""

from collections.abc import Mapping
from typing import Any

from assent.api.agent_server import access_tools, request_tools
from assent.api.agent_server.bodies import (
    AboutBody,
    AcceptOfferBody,
    AlternativeBody,
    NothingBody,
    RequestBody,
    RequestsBody,
    SessionBody,
    TargetBody,
    WaitBody,
    WhyBody,
)
from assent.api.agent_server.tool import Tool
from assent.api.bodies import AskBody
from assent.core.role import Permission

INSTRUCTIONS = (
    "Assent decides on what you do at targets: reading often passes by itself, risky things wait "
    "until people assent. Ask for no more than your task needs, say why, and wait; never look for "
    "a way around. Say in the header `assent-task`, or as `assent/task` in `_meta`, what you do "
    "just now: people read it, and what you do is compared with it."
)

TOOLS: tuple[Tool[Any], ...] = (
    Tool(
        "whoami",
        "Who you are here, on whose behalf you act, your task, and what your access has left.",
        NothingBody,
        access_tools.who_am_i,
        only_reads=True,
    ),
    Tool(
        "list_targets",
        "What you can reach, and what connecting would lead to: granted (you have access), "
        "automatic (given at once), ask (people must assent). Closed ones are only counted.",
        NothingBody,
        access_tools.list_targets,
        only_reads=True,
    ),
    Tool(
        "request_access",
        "Ask for access to a target. Say why; ask for as little as does: read_only, verbs such as "
        "sql.read, tables, for_s seconds, a budget such as `writes 5, rows 1000`.",
        AskBody,
        access_tools.request_access,
    ),
    Tool(
        "get_request",
        "A request as it stands: what is still missing, its risk, what to do next.",
        RequestBody,
        request_tools.get_request,
        only_reads=True,
    ),
    Tool(
        "list_requests",
        "Your own requests, newest first.",
        RequestsBody,
        request_tools.list_requests,
        only_reads=True,
    ),
    Tool(
        "wait_for_request",
        "Wait up to 60 seconds until people have answered a request, and see how it stands.",
        WaitBody,
        request_tools.wait_for_request,
        only_reads=True,
        asks_person=True,
    ),
    Tool(
        "withdraw_request",
        "Take a request of yours back: what it held is refused.",
        RequestBody,
        request_tools.withdraw_request,
    ),
    Tool(
        "give_reason",
        "Say why, or name a ticket, for a request that lacks it.",
        WhyBody,
        request_tools.give_reason,
        repeats=True,
    ),
    Tool(
        "accept_offer",
        "Take what somebody offered instead of what you asked for.",
        AcceptOfferBody,
        request_tools.accept_offer,
    ),
    Tool(
        "propose_alternative",
        "Propose something safer than what waits: access is asked for anew with less; for anything "
        "else your words are shown to the people who are asked.",
        AlternativeBody,
        request_tools.propose_alternative,
    ),
    Tool(
        "explain",
        "Why something was decided as it was: the policies, the facts they asked about, the "
        "factors of its risk, and what would have changed the answer.",
        AboutBody,
        request_tools.explain,
        any_of=(Permission.ASK, Permission.ANSWER, Permission.READ_LOG),
        only_reads=True,
    ),
    Tool(
        "connection",
        "How a target is reached, by its protocol, and your access to it. Never a password.",
        TargetBody,
        access_tools.connection,
        only_reads=True,
    ),
    Tool(
        "open_session",
        "A short-lived password that opens sessions on a target, or the request that must be "
        "answered first. Keep it to yourself.",
        SessionBody,
        access_tools.open_session,
    ),
)

BY_NAME: Mapping[str, Tool[Any]] = {tool.name: tool for tool in TOOLS}
