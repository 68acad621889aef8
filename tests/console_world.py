"""A gateway where things have happened: something to see on every page of the console."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psycopg

import gateway_world
from assent.demo.world import World
from gateway_world import Credential, Gateway, assent, eventually

_MORE = """\
[[people]]
name = "adam"
display_name = "Adam, administrator"
groups = ["administrators"]
password = "file:people/carl.hash"

[[people]]
name = "audrey"
display_name = "Audrey, auditor"
groups = ["auditors"]
password = "file:people/carl.hash"

[[people]]
name = "otto"
display_name = "Otto, operator"
groups = ["operators"]
password = "file:people/carl.hash"

[[targets]]
"""
HELD = "DELETE FROM carts -- all of last year's, as agreed with the shop on Monday"
CHALLENGE = "A" * 43


@dataclass(slots=True)
class Populated:
    """The gateway, and what the parts of addresses are. ends: what to do at the end."""

    gateway: Gateway
    known: dict[str, str] = field(default_factory=dict)
    ends: list[Callable[[], object]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.gateway.url

    def password(self, name: str) -> str:
        """Return a person's password; who came besides the demo's people has Carl's."""
        people = self.gateway.world.people
        return people.get(name, people["carl"]).password.reveal()

    @contextmanager
    def browsing(self, name: str) -> Iterator[httpx2.Client]:
        """A client that is signed in to the pages as this person."""
        with httpx2.Client(base_url=self.url, headers={"origin": self.url}, timeout=30) as http:
            form = {"name": name, "password": self.password(name)}
            assert http.post("/sign-in", data=form).status_code == 303
            yield http

    def connected(self, name: str) -> psycopg.Connection:
        """Return a connection of this person's through the gateway, ended with the world."""
        connection = dialled(self.gateway.connect_as(name))
        self.ends.append(connection.close)
        return connection

    def hold(self, name: str, statement: str) -> str:
        """Run a statement that is held, in a thread of its own; return its request."""
        connection = self.connected(name)

        def run() -> None:
            # It is answered, or ends with the world.
            with suppress(psycopg.Error):
                connection.execute(statement.encode())

        threading.Thread(target=run, daemon=True).start()
        return self.gateway.wait_for_request(statement, name)


def dialled(credential: Credential) -> psycopg.Connection:
    """Return a psycopg connection with this credential."""
    return psycopg.connect(
        host=credential.host, port=credential.port, user=credential.user,
        password=credential.password, dbname=credential.database, autocommit=True,
        sslmode="disable", application_name="psql",
    )  # fmt: skip


@contextmanager
def populated(folder: Path, template: World) -> Iterator[Populated]:
    """Run a gateway and let its people work, until there is something to see on every page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    change = (
        (r"\[\[targets\]\]\n", _MORE),
        # Passkeys are for names.
        (r"(\[server\]\n)", rf'\1public_url = "http://localhost:{port}"\n'),
        (r'(?s)(\[server\].*?listen = ")[^"]*"', rf'\g<1>127.0.0.1:{port}"'),
    )
    created = gateway_world.create_world(folder, template, change=change)
    carl = created.people["carl"]
    for name in ("adam", "audrey", "otto"):
        created.people[name] = type(carl)(  # type: ignore[index]
            name, name, (), carl.password, carl.password_file, folder / "home" / name
        )
    with gateway_world.serving(created) as gateway:
        world = Populated(gateway)
        try:
            for happens in (_work, _answers, _emergency, _people, _programs, _writing, _addresses):
                happens(world)
            yield world
        finally:
            for end in reversed(world.ends):
                end()


def _work(world: Populated) -> None:
    """Ana and Nora read; one session is over, one goes on."""
    done = dialled(world.gateway.connect_as("ana"))
    for statement in (
        "select count(*) from customers",
        "select id, item, state from orders where customer_id = 42 order by created_at desc",
        "update orders set state = 'sent' where id = 42",
    ):
        done.execute(statement.encode())
    with suppress(psycopg.Error):
        done.execute("truncate payments")
    done.close()
    session = world.gateway.answer("ana", "GET", "/v1/sessions")["items"][0]["id"]
    world.known["session_id"] = session
    live = world.connected("nora")
    live.execute("select id, name, email from customers where id < 20")
    session = world.gateway.answer("nora", "GET", "/v1/sessions")["items"][0]["id"]
    world.known["live_id"] = session
    own = world.connected("ana")
    own.execute("select state, count(*) from orders group by state")


def _answers(world: Populated) -> None:
    """Something waits, something was assented to, something rejected, access is granted."""
    gateway = world.gateway
    gateway.approve(world.hold("ana", "DELETE FROM reminders"))
    rejected = world.hold("ana", "UPDATE payments SET cents = 0")
    gateway.reject(rejected)
    world.known["rejected_id"] = rejected
    world.known["request_id"] = world.hold("ana", HELD)
    world.hold("ana", "UPDATE orders SET state = 'lost', item = item || ' (' || state || ')'")
    asked = gateway.answer("ana", "POST", "/v1/requests", {"target": "shop", "reason": "orders"})
    world.known["granted_id"] = asked["id"]


def _emergency(world: Populated) -> None:
    """Dora broke the glass, which waits to be looked at; Ben lets Carl stand in for him."""
    gateway = world.gateway
    body = {"target": "shop", "reason": "orders are stuck since 02:40, nobody of the shop answers"}
    gateway.answer("dora", "POST", "/v1/break-glass", body)
    reviews = gateway.answer("carl", "GET", "/v1/reviews")["items"]
    world.known["review_id"] = reviews[0]["id"]
    with world.browsing("ben") as http:
        form = {"to": "carl", "group": "dba", "lasts_for": "2d", "reason": "a week at the sea"}
        _send(http, "/standing-in", "/standing-in/delegate", form)


def _people(world: Populated) -> None:
    """Adam invited somebody; Ana has a device and a token."""
    gateway = world.gateway
    body = {"name": "maya", "display_name": "Maya, new here", "groups": ["engineers"]}
    invited = gateway.answer("adam", "POST", "/v1/people", body)
    world.known["link"] = invited["link"].rpartition("/")[2]
    file = str(gateway.world.people["ana"].password_file)
    words = ("device", "enroll", "--protection", "file", "--password-file", file, "--json")
    done = assent(gateway, "ana", *words)
    assert done.returncode == 0, done.stderr
    world.known["device_id"] = json.loads(done.stdout)["id"]
    assent(gateway, "ana", "device", "report")
    with world.browsing("ana") as http:
        form = {"name": "nightly report", "permissions": "access.ask", "days": "30"}
        _send(http, "/account/tokens", "/account/tokens", form)


def _programs(world: Populated) -> None:
    """Ana has an agent; a command line waits to be signed in."""
    gateway = world.gateway
    body = {"name": "tidy", "task": "close carts that nobody came back to"}
    gateway.answer("ana", "POST", "/v1/agents", body)
    form = {"client_id": "assent-cli", "host": "anas-laptop"}
    asked = httpx2.post(f"{gateway.url}/v1/device_authorization", data=form)
    assert asked.is_success, asked.text
    world.known["user_code"] = asked.json()["user_code"]
    world.known["challenge"] = CHALLENGE


def _writing(world: Populated) -> None:
    """Carl writes a policy."""
    with world.browsing("carl") as http:
        answer = _send(http, "/policies/drafts", "/policies/drafts", {"name": "Fewer questions"})
        world.known["draft_id"] = answer.headers["location"].rpartition("/")[2]
        found = re.search(r"/policies/revisions/([^\"/?]+)", http.get("/policies").text)
        world.known["revision"] = found[1] if found else "none"
        found = re.search(r"/policies/gallery/([a-z-]+)", http.get("/policies/gallery").text)
        assert found is not None
        world.known["policies/gallery/name"] = found[1]


def _addresses(world: Populated) -> None:
    """What else the parts of addresses are."""
    world.known |= {"ask/name": "shop", "targets/name": "shop", "people/name": "ana"}
    world.known |= {
        "labels/name": "shop",
        "person": "ana",
        "agents/name": "tidy",
    }

    def entry(query: str) -> str | None:
        with world.browsing("carl") as http:
            found = re.search(r"/log/(ent_\w+)", http.get(f"/log?{query}").text)
        return found[1] if found else None

    world.known["decision_id"] = eventually(
        lambda: entry("kind=decision&by=ana"), "a decision in the log"
    )
    world.known["entry_id"] = eventually(lambda: entry("kind=login"), "a sign-in in the log")


def _send(http: httpx2.Client, page: str, path: str, form: dict[str, str]) -> httpx2.Response:
    """Send a form of a page as the browser would."""
    text = http.get(page).text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert found is not None, text[:500]
    answer = http.post(path, data=form | {"csrf": found[1]})
    assert answer.status_code < 400, answer.text
    return answer
