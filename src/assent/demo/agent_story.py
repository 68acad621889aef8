"""The act with an agent: it reads by itself, and whatever it would change waits for its person.

By a tool, by SQL, by a command and by a request; the same rules govern all of them.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assent.core.secret import Secret
from assent.demo.actors import Psql, Unobserved, assent, psql
from assent.demo.beside import API, SERVER, TOOLS
from assent.demo.database import Database
from assent.demo.neighbours import Neighbours
from assent.demo.story import Story, observe
from assent.demo.world import TARGET, Person

if TYPE_CHECKING:
    import asyncssh
    import httpx2

NAME = "helper"
_WITHIN_S = 20.0
_LOOKS_EVERY_S = 0.05
_ORDER = 42


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the gateway listens: addresses by `http`, `ssh`, `tcp`."""

    addresses: Mapping[str, tuple[str, int]]

    @property
    def http(self) -> str:
        """Return the address of the door for HTTP."""
        host, port = self.addresses["http"]
        return f"http://{host}:{port}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the act is played with. ana, helper: the API as Ana, and as her agent."""

    story: Story
    doors: Doors
    shop: Database
    beside: Neighbours
    ana: "httpx2.AsyncClient"
    helper: "httpx2.AsyncClient"
    agent: Person


async def play(story: Story, doors: Doors, shop: Database, beside: Neighbours) -> Person:
    """Play the act and return the agent. Raises Unobserved at the first step that is not seen."""
    agent = await _made(story)
    async with AsyncExitStack() as stack:
        ana = await _signed_in(story, stack)
        helper = await _api(story, stack, agent.token)
        scene = Scene(story, doors, shop, beside, ana, helper, agent)
        await _by_tools(scene)
        await _by_the_rest(scene)
        await _proved(scene)
    return agent


async def _signed_in(story: Story, stack: AsyncExitStack) -> "httpx2.AsyncClient":
    outside = await _api(story, stack)
    password = story.world.people["ana"].password.reveal()
    answer = await _answer(outside.post("/v1/login", json={"name": "ana", "password": password}))
    return await _api(story, stack, Secret(str(answer["token"])))


async def _api(
    story: Story, stack: AsyncExitStack, token: Secret[str] | None = None
) -> "httpx2.AsyncClient":
    import httpx2

    headers = {} if token is None else {"authorization": f"Bearer {token.reveal()}"}
    return await stack.enter_async_context(
        httpx2.AsyncClient(
            base_url=story.world.url, headers=headers, timeout=_WITHIN_S * 2, trust_env=False
        )
    )


async def _made(story: Story) -> Person:
    """Have Ana make the agent and a token of it, and return it as somebody in the story."""
    story.step("Ana makes an agent, which acts for her, with a token of its own")
    ana = story.world.people["ana"]
    task = "set the state of `orders` right, by `read_order` and `set_state`"
    await assent(ana, "step-up", "--password-file", str(ana.password_file))
    await assent(ana, "agents", "create", NAME, "--task", task, "--group", "engineers")
    story.saw(f'Ana: assent agents create {NAME} --task "{task}" --group engineers')
    minted = (await assent(ana, "agents", "token", NAME, "demo", "--json")).json()
    story.saw(f"Ana: assent agents token {NAME} demo")
    home = story.world.folder / "home" / NAME
    return Person(
        NAME, "an agent of Ana's", ("engineers",), ana.password, ana.password_file, home,
        Secret(str(minted["token"])), story.world.url,
    )  # fmt: skip


async def _by_tools(scene: Scene) -> None:
    """Let the agent call tools by the official SDK's client."""
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    story, token = scene.story, scene.agent.token
    headers = {"authorization": f"Bearer {token.reveal() if token else ''}"}
    address = f"{scene.doors.http}/mcp/{TOOLS}"
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx2.AsyncClient(headers=headers, timeout=_WITHIN_S * 2, trust_env=False)
        )
        transport = streamable_http_client(address, http_client=http)
        client = await stack.enter_async_context(Client(transport, cache=None, mode="legacy"))
        story.step("The agent reads an order by a tool (MCP), by itself: nobody is asked")
        listed = sorted(tool.name for tool in (await client.list_tools()).tools)
        observe(listed == ["read_order", "set_state"], "both tools are listed", str(listed))
        read = _text(await client.call_tool("read_order", {"number": _ORDER}))
        observe(read == f"order {_ORDER}: lamp, sent", f"order {_ORDER}", read)
        story.saw(f'{NAME}: read_order {{"number": {_ORDER}}}')
        story.saw(read)
        story.step(
            "Its call that changes the order waits for Ana, in her inbox; then it runs, once"
        )
        given = {"number": _ORDER, "state": "late"}
        called = asyncio.ensure_future(client.call_tool("set_state", given))
        request = await _waits(scene, "set_state", called)
        observe(await _state(scene) == "sent", "nothing has happened yet", await _state(scene))
        story.saw(f'{NAME}: set_state {{"number": {_ORDER}, "state": "late"}}')
        story.saw(f"held, order {_ORDER} is still `sent`: {request}")
        await assent(story.world.people["ana"], "approve", request, "--comment", "it is late")
        story.saw(f"Ana: assent approve {request}")
        story.saw(_text(await asyncio.wait_for(called, _WITHIN_S)))
        observe(await _state(scene) == "late", "the order is `late`", await _state(scene))
        await _done(scene, request)


async def _by_the_rest(scene: Scene) -> None:
    """Let the agent do the same by a statement, a command and a request."""
    story = scene.story
    story.step("The same rules in SQL, in a shell and over HTTP: it reads, and asks to write")
    async with psql(scene.agent, TARGET) as terminal:
        await _sql(scene, terminal)
    async with await _ssh(scene) as connection:
        read = await connection.run("cat notes.txt", timeout=_WITHIN_S)
        observe(read.stdout == "the lamp was asked for twice\n", "the notes", str(read.stdout))
        story.saw(f"{NAME}@{SERVER}$ cat notes.txt    {str(read.stdout).strip()}")
        notes, command = scene.beside.folder / "notes.txt", "echo it is late >> notes.txt"
        await _held(
            scene, "echo it is late", f"{NAME}@{SERVER}$ {command}",
            lambda: connection.run(command, check=True),
        )  # fmt: skip
        kept = await asyncio.to_thread(Path.read_text, notes)
        observe(kept.count("it is late") == 1, "written once", kept)
    await _http(scene)


async def _sql(scene: Scene, terminal: Psql) -> None:
    statement = "SELECT state FROM orders WHERE id = 42;"
    await terminal.send(statement)
    await terminal.line("^late$", within_s=_WITHIN_S)
    scene.story.saw(f"shop=> {statement}    late")
    change = "UPDATE orders SET state = 'sent' WHERE id = 42;"

    async def run() -> None:
        await terminal.send(change)
        await terminal.line("^UPDATE 1$", within_s=_WITHIN_S)

    await _held(scene, "UPDATE orders", f"shop=> {change}", run)
    observe(await _state(scene) == "sent", "the order is `sent`", await _state(scene))


async def _ssh(scene: Scene) -> "asyncssh.SSHClientConnection":
    """Return a connection to the gateway, whose key is known by its API."""
    import asyncssh

    opened = await _answer(scene.helper.post("/v1/connect", json={"target": SERVER}))
    door = await _answer(scene.helper.get("/v1/ssh/authority"))
    host, port = scene.doors.addresses["ssh"]
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {door['host_key']}\n")
    return await asyncssh.connect(
        host, port, username=opened["user"], password=opened["password"], known_hosts=known,
        config=None, client_keys=None, agent_path=None, connect_timeout=_WITHIN_S,
    )  # fmt: skip


async def _http(scene: Scene) -> None:
    path = f"/orders/{_ORDER}"
    address = f"{scene.doors.http}/at/{API}{path}"
    read = await _answer(scene.helper.get(address))
    observe(read["state"] == "sent", f"order {_ORDER}", str(read))
    scene.story.saw(f"GET {path}    {json.dumps(read)}")
    wait = {"prefer": f"wait={_WITHIN_S:.0f}"}

    async def change() -> None:
        changed = await _answer(scene.helper.patch(address, json={"state": "late"}, headers=wait))
        observe(changed["state"] == "late", "the order is `late`", str(changed))

    await _held(scene, path, f'PATCH {path} {{"state": "late"}}', change)


async def _held(
    scene: Scene, words: str, shown: str, attempt: Callable[[], Awaitable[Any]]
) -> None:
    """Attempt it; it has to wait in Ana's inbox, and to be done when she assents by the API."""
    attempted = asyncio.ensure_future(attempt())
    request = await _waits(scene, words, attempted)
    scene.story.saw(f"{shown}    held: {request}")
    await _answer(scene.ana.post(f"/v1/requests/{request}/approve", json={"comment": "fine"}))
    await asyncio.wait_for(attempted, _WITHIN_S)
    await _done(scene, request)
    scene.story.saw("Ana assents; done")


async def _waits(scene: Scene, words: str, attempted: "asyncio.Future[Any]") -> str:
    """Return the request with these words in Ana's inbox. Raises Unobserved where none comes."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            while not attempted.done():
                items = (await _answer(scene.ana.get("/v1/inbox")))["items"]
                for item in items:
                    if words in item["action"]["text"]:
                        return str(item["id"])
                await asyncio.sleep(_LOOKS_EVERY_S)
    except TimeoutError:
        raise Unobserved(f"Ana is asked about `{words}`", "nothing in her inbox") from None
    raise Unobserved(f"`{words}` waits for Ana", f"it did not: {attempted}")


async def _done(scene: Scene, request: str) -> None:
    """Observe that it was done, by Ana's assent and nobody else's."""
    shown: dict[str, Any] = {}
    try:
        async with asyncio.timeout(_WITHIN_S):
            while shown.get("state") != "completed":
                await asyncio.sleep(_LOOKS_EVERY_S)
                shown = await _answer(scene.ana.get(f"/v1/requests/{request}"))
    except TimeoutError:
        raise Unobserved(f"{request} is completed", str(shown.get("state"))) from None
    approvers = [one["approver"] for one in shown["approvals"]]
    observe(approvers == ["ana"], "Ana alone assented", str(approvers))


async def _state(scene: Scene) -> str:
    """Return the state of the order, as the database has it."""
    connection = await scene.shop.connect()
    try:
        return str(await connection.fetchval("select state from orders where id = $1", _ORDER))
    finally:
        await connection.close()


async def _proved(scene: Scene) -> None:
    story, folder = scene.story, scene.story.world.folder / "export-agents"
    story.step("All of it is in the log, which verifies")
    olga = story.world.people["olga"]
    await assent(olga, "audit", "export", str(folder))
    key = (folder / "key").read_text(encoding="utf-8").strip()
    verified = (await assent(olga, "audit", "verify", str(folder), "--key", key, "--json")).json()
    observe(verified["good"] is True, "the log verifies", str(verified))
    story.saw(f"assent audit verify export-agents: good, {verified['entries']} entries")


def _text(result: Any) -> str:
    text = "".join(one.text for one in result.content if one.type == "text")
    if result.is_error:
        raise Unobserved("the tool answers", text)
    return text


async def _answer(sent: "Awaitable[httpx2.Response]") -> dict[str, Any]:
    """Return what an API answered. Raises Unobserved where it refused."""
    response = await sent
    observe(response.is_success, "an answer of the API", f"{response.status_code} {response.text}")
    answer: dict[str, Any] = response.json()
    return answer
