"""Work on a log whose disk fails at a chosen point, in processes that are killed there.

`python fault_injection.py FOLDER WORK FAULTS SEED MOST`: does the work once to count its points,
then once for each of about MOST of these, each time in a process of its own with one of FAULTS at
that point, and then looks in another process at what was left. Writes FOLDER/report.json.
"""

import asyncio
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assent.core.faults import Fault as Refusal
from failing_closed.fault_works import ACKNOWLEDGED, CARELESS, WORKS, Run, Work
from faulty_disk import Fault, FaultyDisk, install

Say = Callable[[str, str], None]
_WORTH_IT = ("assent", "assent_verify", "alembic", "sqlalchemy", "cryptography")


@dataclass
class Heard:
    """What a process said before it ended. lines: word and what is said, in order."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    status: int = 0

    def of(self, word: str) -> list[str]:
        return [said for each, said in self.lines if each == word]


def in_a_process(work: Callable[[Say], None]) -> Heard:
    """Do it in a child of this process; return what it said, also when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        real_write = os.write

        def say(word: str, said: str) -> None:
            real_write(writing, f"{json.dumps([word, said])}\n".encode())

        try:
            work(say)
            os._exit(0)
        except BaseException:
            say("broke", traceback.format_exc())
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        lines = [tuple(json.loads(line)) for line in stream.read().splitlines()]
    return Heard([(word, said) for word, said in lines], os.waitpid(child, 0)[1])


def worked(work: Work, folder: Path, fault: Fault | None, at: int) -> Heard:
    """Do the work in a folder, on a disk that fails at point `at`."""

    def do(say: Say) -> None:
        disk = FaultyDisk()
        install(disk)

        async def all_of_it() -> None:
            run = Run(folder, lambda what: say(ACKNOWLEDGED, what), disk.mend)
            async with asyncio.timeout(20):
                await work.do(run, lambda: disk.arm(fault, at))
                disk.mend()

        try:
            asyncio.run(all_of_it())
        except (Refusal, OSError) as refused:
            disk.mend()
            cause = getattr(refused.__cause__, "orig", refused.__cause__)
            told = getattr(cause, "sqlite_errorname", cause)
            say("refused", f"{type(refused).__name__}: {refused} ({told})")
        for said in disk.said:
            say("point", said)

    return in_a_process(do)


def checked(work: Work, folder: Path, acknowledged: Sequence[str]) -> list[str]:
    """Return what is wrong with what was left in a folder."""

    def do(say: Say) -> None:
        async def look() -> None:
            async with asyncio.timeout(20):
                for problem in await work.check(folder, acknowledged):
                    say("problem", problem)

        asyncio.run(look())
        for name in sys.modules:
            say("module", name)

    heard = in_a_process(do)
    return [*heard.of("problem"), *heard.of("broke")]


def chosen(points: Sequence[str], seed: int, most: int) -> list[int]:
    """Return which points are tried: the first of each kind, the last, and some by chance."""
    numbers = list(range(1, len(points) + 1))
    first = {name: at for at, name in reversed(list(enumerate(points, 1)))}
    wanted = {*first.values(), *numbers[-1:]}
    rest = [at for at in numbers if at not in wanted]
    random.Random(seed).shuffle(rest)
    return sorted([*wanted, *rest[: max(0, most - len(wanted))]])


def main(home: Path, name: str, faults: Sequence[Fault], seed: int, most: int) -> None:
    """Do it all, and write what came of it."""
    work, problems = {**WORKS, **CARELESS}[name], list[str]()
    template = home / "template"
    template.mkdir()

    def make(say: Say) -> None:
        asyncio.run(_awaited(work.prepare(template)))
        for each in sys.modules:
            say("module", each)

    heard = in_a_process(make)
    assert heard.status == 0, heard.lines
    import_all(heard.of("module"))
    all_points = worked(work, _copied(template, home), None, 0)
    assert all_points.status == 0, all_points.lines
    assert not all_points.of("refused"), all_points.lines
    import_all(all_points.of("module"))
    points, tried = all_points.of("point"), list[int]()
    for turn, at in enumerate(chosen(points, seed, most), seed):
        fault = faults[turn % len(faults)]
        folder = _copied(template, home)
        heard = worked(work, folder, fault, at)
        killed = fault not in (Fault.FULL, Fault.ERROR)
        found = heard.of("broke")
        if os.WIFSIGNALED(heard.status) != killed:
            # What is done beside it may come in another order, and end before it.
            found += [] if killed and not heard.status else [f"it ended with {heard.status}"]
        found += checked(work, folder, heard.of(ACKNOWLEDGED))
        where = f"{fault} {at} of {len(points)} (`{points[at - 1]}`)"
        problems += [f"{where}: {one}" for one in found]
        tried.append(at)
        shutil.rmtree(folder)
    told = {"points": points, "tried": tried, "problems": problems}
    (home / "report.json").write_text(json.dumps(told))


def import_all(names: Sequence[str]) -> None:
    """Import what a child did, so that none of those that come has to do it again."""
    for name in names:
        if name.partition(".")[0] in _WORTH_IT and name not in sys.modules:
            importlib.import_module(name)


async def _awaited(work: Awaitable[None]) -> None:
    await work


def _copied(template: Path, home: Path) -> Path:
    folder = Path(tempfile.mkdtemp(dir=home))
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return folder


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        sys.argv[2],
        [Fault(each) for each in sys.argv[3].split(",")],
        int(sys.argv[4]),
        int(sys.argv[5]),
    )
