"""The story: each step is played with real programs, and counts only when it was observed."""

import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from assent.audit.tiles import TILE_WIDTH, salvage_bundle
from assent.core.clock import Clock
from assent.demo.actors import Psql, Unobserved, assent, psql
from assent.demo.world import TARGET, World

_REQUEST = r"req_[0-9a-v]{26}"
_SHORT_S = 6
_DENIED = 3
"""How the command line exits when one may not."""


@dataclass(slots=True)
class Story:
    """The world it plays in, the clock on the wall, and where it tells."""

    world: World
    clock: Clock
    tell: Callable[[str], None]
    shown: list[str] = field(default_factory=list)

    def step(self, title: str) -> None:
        """Tell that a step begins."""
        self.shown.append(title)
        self.tell(f"\n{len(self.shown)}. {title}")

    def saw(self, text: str) -> None:
        """Tell what was observed."""
        self.tell(f"   {text}")


def observe(seen: bool, expected: str, what: str) -> None:
    """Raise Unobserved unless it was seen."""
    if not seen:
        raise Unobserved(expected, what)


async def play(story: Story) -> None:
    """Play all steps in order. Raises Unobserved at the first that does not happen."""
    await _sign_in(story)
    async with psql(story.world.people["ana"], TARGET) as terminal:
        await _read_one(story, terminal)
        await _masked(story)
        await _assented(story, terminal)
        await _rejected(story, terminal)
    await _cut(story)
    await _proved(story)


async def _sign_in(story: Story) -> None:
    story.step(
        "Ana (engineer), Nora (analyst), Ben and Dora (DBAs), Carl (security) and Olga (auditor) "
        "sign in: `assent login`"
    )
    for person in story.world.people.values():
        file = str(person.password_file)
        await assent(
            person, "login", story.world.url, "--name", person.name, "--password-file", file
        )
    answer = (await assent(story.world.people["ana"], "targets", "--json")).json()
    names = [item["name"] for item in answer["items"]]
    observe(TARGET in names, f"`assent targets` lists {TARGET}", str(names))
    story.saw(f"`assent targets` shows Ana: {', '.join(names)}")


async def _read_one(story: Story, terminal: Psql) -> None:
    story.step("Ana reads one order: `assent connect shop --psql`, allowed at once")
    statement = "SELECT id, item, state FROM orders WHERE id = 42;"
    await terminal.send("\\echo ready")
    await terminal.line("^ready$", within_s=15)
    sent_at = await terminal.send(statement)
    line = await terminal.line(r"^42\|", within_s=5)
    story.saw(f"shop=> {statement}")
    story.saw(f"{line.text}    ({(line.at - sent_at) * 1000:.0f} ms)")


async def _masked(story: Story) -> None:
    story.step("Nora reads a customer: the row is hers to see, the address and the card are not")
    async with psql(story.world.people["nora"], TARGET) as terminal:
        statement = "SELECT id, name, email, card_number FROM customers WHERE id = 42;"
        await terminal.send(statement)
        line = await terminal.line(r"^42\|", within_s=15)
        shown = line.text.split("|")[2:]
        observe(shown == ["c***@s***.example", "***"], "a masked address and card", line.text)
        story.saw(f"shop=> {statement}")
        story.saw(line.text)
        guess = "SELECT id FROM customers WHERE email LIKE 'customer42@%';"
        await terminal.send(guess)
        line = await terminal.line("ERROR: ", within_s=5)
        observe("`public.customers.email` is masked" in line.text, "a refusal", line.text)
        story.saw(f"shop=> {guess}")
        story.saw(f"psql: {line.text}")


async def _assented(story: Story, terminal: Psql) -> None:
    story.step("Ana deletes without WHERE: held on the live connection, until a DBA assents")
    before = await _backend(terminal)
    request, waited_s = await _held(story, terminal, "DELETE FROM carts;")
    told = terminal.since_sent()
    for words in ("of 1,500 rows", "foreign key reminders_cart_id_fkey", "fires: remember_cart"):
        observe(words in told, f"what it would do: `{words}`", told)
    ben = story.world.people["ben"]
    inbox = (await assent(ben, "inbox", "--json")).json()
    ids = [item["id"] for item in inbox["items"]]
    observe(request in ids, f"Ben's inbox has {request}", str(ids))
    await assent(ben, "approve", request, "--comment", "carts of last year may go")
    story.saw(f"Ben: assent approve {request}")
    line = await terminal.line(r"^DELETE \d+$", within_s=5)
    observe(line.text == "DELETE 1500", "DELETE 1500", line.text)
    after = await _backend(terminal)
    observe(before == after, f"the same connection, server process {before}", str(after))
    story.saw(f"{line.text}, on the same connection (server process {after})")
    await _settled(story, request, "completed")
    observe(waited_s < 1, "the notice within a second", f"{waited_s:.2f} s")


async def _rejected(story: Story, terminal: Psql) -> None:
    story.step("Ana tries the payments too; Dora refuses")
    request, _ = await _held(story, terminal, "DELETE FROM payments;")
    await assent(story.world.people["dora"], "reject", request, "--comment", "these are the books")
    story.saw(f'Dora: assent reject {request} --comment "these are the books"')
    line = await terminal.line(r"ERROR: ", within_s=5)
    await terminal.send("SELECT count(*) FROM payments;")
    count = await terminal.line(r"^\d+$", within_s=5)
    printed = "\n".join(one.text for one in terminal.lines[terminal.lines.index(line) :])
    observe(request in printed, f"an error that names {request}", printed)
    observe(count.text == "5000", "all 5000 payments are still there", count.text)
    story.saw(f"psql: {line.text}")
    story.saw("the connection lives on, and all 5000 payments are there")
    await _settled(story, request, "rejected")


async def _cut(story: Story) -> None:
    story.step(f"Ana gives her access back; the next lasts {_SHORT_S} s and ends under her psql")
    ana = story.world.people["ana"]
    # Access is the union of all grants: with the first one still there nothing would be cut.
    await assent(ana, "give-back", TARGET)
    story.saw(f"Ana: assent give-back {TARGET}")
    async with psql(ana, TARGET, "--for", f"{_SHORT_S}s") as terminal:
        await terminal.send("SELECT count(*) FROM orders \\watch 0.1")
        await terminal.line("^5000$", within_s=_SHORT_S)
        grants = (await assent(ana, "grants", "--json")).json()["items"]
        ends_at = datetime.fromisoformat(grants[0]["ends_at"])
        ends_in_s = (ends_at - story.clock.now()).total_seconds()
        ended_at = time.monotonic() + ends_in_s
        observe(ends_in_s < _SHORT_S, f"a grant of {_SHORT_S} s", f"it ends in {ends_in_s:.1f} s")
        line = await terminal.line("FATAL: ", within_s=_SHORT_S + 2)
        late_s = line.at - ended_at
        observe(-0.2 <= late_s < 1, "cut within a second of the grant's end", f"{late_s:.2f} s")
        story.saw(f"psql: {line.text}")
        story.saw(f"cut {max(late_s, 0):.2f} s after the grant's end")
    sessions = (await assent(ana, "sessions", "--json")).json()["items"]
    states = [item["state"] for item in sessions]
    observe(states[:1] == ["cut"], "the newest session is `cut`", str(states))


async def _proved(story: Story) -> None:
    story.step("Olga, who may only read, proves the log; then one byte is changed in a copy")
    olga, folder = story.world.people["olga"], story.world.folder / "export"
    refused = await assent(olga, "request", TARGET, code=_DENIED)
    observe("access.ask" in refused.err, "an auditor asks for nothing", refused.err)
    story.saw(f"Olga: assent request {TARGET}")
    story.saw(refused.err.strip().splitlines()[0])
    await assent(olga, "audit", "export", str(folder))
    story.saw("Olga: assent audit export export")
    key = (folder / "key").read_text(encoding="utf-8").strip()
    verified = (await assent(olga, "audit", "verify", str(folder), "--key", key, "--json")).json()
    observe(verified["good"] is True, "the log verifies", str(verified))
    story.saw(f"assent audit verify export: good, {verified['entries']} entries")
    copy = story.world.folder / "export-changed"
    shutil.copytree(folder, copy)
    index = _change_one_byte(copy)
    ended = await assent(olga, "audit", "verify", str(copy), "--key", key, "--json", code=1)
    checks: Sequence[dict[str, Any]] = ended.json()["checks"]
    named = {entry["index"] for check in checks for entry in check["entries"]}
    observe(index in named, f"entry {index} is named", str(sorted(named)))
    words = next(text for check in checks for text in check["details"] if f"{index}" in text)
    story.saw(f"one byte of entry {index} (Ben's assent) changed in a copy: exit code 1,")
    story.saw(f"“{words}”")


async def _backend(terminal: Psql) -> str:
    await terminal.send("SELECT pg_backend_pid();")
    return (await terminal.line(r"^\d+$", within_s=5)).text


async def _held(story: Story, terminal: Psql, statement: str) -> tuple[str, float]:
    """Send a statement that will be held; return its request and how soon psql said so."""
    sent_at = await terminal.send(statement)
    story.saw(f"shop=> {statement}")
    line = await terminal.line(_REQUEST, within_s=5)
    await terminal.line(r"https?://\S+/requests/" + _REQUEST, within_s=1)
    text = terminal.since_sent()
    for word in (r"[Rr]isk\D*\d+", "ben", "dora", r"\d\d:\d\d"):
        observe(re.search(word, text) is not None, f"a notice with `{word}`", text)
    for shown in text.splitlines():
        story.saw(f"psql: {shown}")
    match = re.search(_REQUEST, line.text)
    if match is None:
        raise Unobserved("a request id", line.text)
    story.saw(f"(said {(line.at - sent_at) * 1000:.0f} ms after the statement was sent)")
    return match.group(), line.at - sent_at


async def _settled(story: Story, request: str, state: str) -> None:
    shown = (await assent(story.world.people["ana"], "show", request, "--json")).json()
    observe(shown["state"] == state, f"{request} is {state}", str(shown["state"]))


def _change_one_byte(folder: Path) -> int:
    """Change one byte of an approval's entry below `folder` and return the entry's index."""
    bundles = sorted((folder / "tile" / "entries").rglob("*"))
    index = 0
    for bundle in (path for path in bundles if path.is_file()):
        content = bundle.read_bytes()
        for entry in salvage_bundle(content, TILE_WIDTH)[0]:
            if b'"kind":"approval"' in entry:
                place = content.index(entry) + entry.index(b'"subject":"') + len(b'"subject":"') + 6
                changed = bytes([content[place] ^ 1])
                bundle.write_bytes(content[:place] + changed + content[place + 1 :])
                return index
            index += 1
    raise Unobserved("an approval in the exported log", "none")
