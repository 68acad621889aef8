"""Runs what a page shows in its `console` blocks, and compares it with what really happens.

A prompt says who types: `ana$` is a shell of Ana's, `ops$` one of the operator in the folder of
the world, `shop=>` the psql that was opened last. What stands below is what is seen: each line
shown has to match some line that was printed, in order. `…` matches anything, white space any
white space, and an id such as `req_…` in a command is the newest one that was printed.
"""

import os
import re
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

WITHIN_S = 20.0
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROMPT = re.compile(r"^(?:(?P<person>[a-z]+)\$|(?P<psql>[a-z]+=>)) (?P<text>.*)$")
_ID = re.compile(r"\b((?:req|grt|ses|ent)_)[0-9a-v]{26}")


@dataclass(frozen=True, slots=True)
class Shown:
    """One command of a page with the lines shown below it. text: None to go on reading psql."""

    line: int
    person: str
    text: str | None
    expected: tuple[str, ...]


def shown(page: str) -> Iterator[Shown]:
    """Yield the commands of a page in order; person is empty for psql."""
    for block in _BLOCK.finditer(page):
        number = page.count("\n", 0, block.start()) + 1
        person, text, expected, started = "", None, [], number
        for offset, line in enumerate(block.group(1).splitlines(), 1):
            prompt = _PROMPT.match(line)
            if prompt is None:
                expected.append(line)
                continue
            if text is not None or expected:
                yield Shown(started, person, text, tuple(expected))
            person, text, expected = prompt["person"] or "", prompt["text"], []
            started = number + offset
        yield Shown(started, person, text, tuple(expected))


def unmatched(expected: tuple[str, ...], printed: str) -> str | None:
    """Return the first shown line that was not printed after those before it, None if all were."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for line in expected:
        words = " ".join(line.split())
        pattern = re.escape(words).replace("…", ".*").replace(r"\ ", " ").replace(" .*", ".*")
        if not any(re.search(pattern, candidate) for candidate in lines):
            return line
    return None


@dataclass(slots=True)
class Terminal:
    """The people of a running demo at their keyboards. world: the folder of the demo.

    renamed: addresses as the pages show them → as they are here.
    """

    world: Path
    programs: Path
    renamed: Mapping[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    psql: "Psql | None" = None

    def perform(self, item: Shown) -> str | None:
        """Do what is shown; return what went otherwise, None when nothing did."""
        if item.text is None or not item.person:
            return self._psql(item)
        command = self._filled(item.text)
        if re.fullmatch(r"assent connect \S+ --psql", command):
            # psql asks nobody for a prompt when nobody is there; -X keeps private settings out.
            self._end_psql()
            self.psql = Psql(self._start(item.person, f"exec {command} -- -X"))
            return None
        process = self._start(item.person, command)
        printed, _ = process.communicate(timeout=WITHIN_S)
        return self._compare(item, printed.decode())

    def end(self) -> None:
        """Leave nothing running."""
        self._end_psql()

    def _psql(self, item: Shown) -> str | None:
        if self.psql is None:
            return "no psql is open"
        if item.text is not None:
            self.psql.send(item.text)
        if item.text == r"\q":
            self._end_psql()
            return None
        # What is shown may come late: it waits for people, who answer on other lines of the page.
        printed = self.psql.read_until(lambda text: unmatched(item.expected, text) is None)
        return self._compare(item, printed)

    def _compare(self, item: Shown, printed: str) -> str | None:
        # Lists have the newest first; what one command prints outweighs what was seen before.
        for found in reversed(list(_ID.finditer(printed))):
            self.ids[found.group(1)] = found.group()
        for here, there in self.renamed.items():
            printed = printed.replace(there, here)
        missing = unmatched(item.expected, printed)
        return None if missing is None else f"not seen: {missing!r}\nprinted:\n{printed}"

    def _filled(self, text: str) -> str:
        for prefix, newest in self.ids.items():
            text = text.replace(prefix + "…", newest)
        for here, there in self.renamed.items():
            host, _, port = here.rpartition(":")
            text = text.replace(here, there)
            text = text.replace(f"-h {host} -p {port}", f"-h {host} -p {there.rpartition(':')[2]}")
        return text

    def _start(self, person: str, command: str) -> "subprocess.Popen[bytes]":
        folder = self.world if person == "ops" else self.world / "desks" / person
        folder.mkdir(parents=True, exist_ok=True)
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PG", "PSQL", "ASSENT_"))
        }
        environment = kept | {
            "ASSENT_HOME": str(self.world / "home" / person),
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
            "LC_ALL": "C.UTF-8",
        }
        return subprocess.Popen(
            ["/bin/bash", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
        )

    def _end_psql(self) -> None:
        if self.psql is not None:
            self.psql.end()
            self.psql = None


class Psql:
    """A psql that reads from a pipe."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._printed = ""

    def send(self, text: str) -> None:
        """Type a line; what was printed before is forgotten."""
        self._printed = ""
        if self._process.stdin is not None:
            self._process.stdin.write(text.encode() + b"\n")
            self._process.stdin.flush()

    def read_until(self, done: Callable[[str], bool]) -> str:
        """Return what was printed since the last `send`, once `done` of it or time is over."""
        stream = self._process.stdout
        if stream is None:
            return self._printed
        deadline = time.monotonic() + WITHIN_S
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while not done(self._printed) and (left := deadline - time.monotonic()) > 0:
                if not selector.select(left):
                    break
                data = os.read(stream.fileno(), 65536)
                if not data:
                    break
                self._printed += data.decode("utf-8", "replace")
        return self._printed

    def end(self) -> None:
        """Close its input and wait until it has gone."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
