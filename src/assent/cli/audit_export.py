"""`assent audit export`: the whole log in a folder, fetched once and continued later."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from assent.cli import output
from assent.cli.client import Client, signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_AT_ONCE = 8
_AHEAD = 64
_PART = ".part"
_OURS = frozenset(
    {
        "anchor",
        "checkpoint",
        "checkpoints",
        "evidence",
        "files",
        "key",
        "keys.jsonl",
        "minimum",
        "payload",
        "recording",
        "tile",
    }
)
# Fetched behind all others: a folder has a checkpoint only when it has what that covers.
_LAST = ("minimum", "key", "checkpoint")
_LISTED = "files"
# May be gone when they are asked for: thinned or pruned meanwhile, or never kept.
_MAY_BE_GONE = ("checkpoints/", "recording/", "payload/", "tile/entries/")


def export(
    folder: Path,
    /,
    *,
    with_keys: Annotated[
        bool, Parameter(negative=(), help="With the keys that open payloads and recordings.")
    ] = False,
    with_recordings: Annotated[
        bool, Parameter(negative=(), help="With the recordings of sessions, as stored.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the whole log into a folder, for somebody who does not trust the server.

    A folder with an earlier export is continued: only what came since is fetched. Any web
    server may serve the folder as it is.

    Parameters
    ----------
    folder
        Where to; made when it is not there, and must be empty or an earlier export.
    """
    asked = {"keys": with_keys, "recordings": with_recordings}
    query = {name: "true" for name, wanted in asked.items() if wanted}
    names, gone = fetch(folder, signed_in(), query)
    if as_json:
        output.show_json({"folder": str(folder), "files": len(names), "gone": gone})
        return
    output.say(f"{output.counted(len(names), 'file')} in {folder}")
    if gone:
        output.note(f"{output.counted(len(gone), 'file')} could not be had, such as `{gone[0]}`")
    output.say(f"next: `assent audit verify {folder} --key KEY`")


def fetch(
    folder: Path, client: Client, query: Mapping[str, str] | None = None
) -> tuple[Sequence[str], Sequence[str]]:
    """Write an export into a folder, or continue one; return its files, and those not to be had.

    query: what it has besides the log. Raises CommandFault.
    """
    _check_folder(folder)
    names = [str(name) for name in client.get("/v1/audit/export", **(query or {}))["names"]]
    _check_same_log(folder, client)
    gone = _fetch_all(folder, client, names)
    _take_out(folder, set(names))
    _list(folder, set(names).difference(gone))
    return names, gone


def _list(folder: Path, names: Collection[str]) -> None:
    """Say which files there are that do not follow from the log's size: web servers list none."""
    listed = [name for name in names if not name.startswith(("tile/", "payload/"))]
    (folder / _LISTED).write_text("".join(f"{name}\n" for name in sorted(listed)), "utf-8")


def safe_name(name: str) -> Path:
    """Return the name as a relative path that cannot leave its folder. Raises CommandFault."""
    path = PurePosixPath(name)
    good = name and "\\" not in name and "\0" not in name and not path.is_absolute()
    if not good or ".." in path.parts or path.parts[0] not in _OURS or name.endswith(_PART):
        raise CommandFault(
            ExitCode.OUTSIDE, "bad-name", f"the server names a file `{name}`, which is no export's"
        )
    return Path(*path.parts)


def steps(folder: Path, names: Sequence[str]) -> list[list[str]]:
    """Return what to fetch, each step in its order: what never changes and is there is left out.

    The payloads of a bundle come before the bundle: where that is there, they are.
    """
    found: list[list[str]] = [[]]
    for name in names:
        if name in _LAST:
            continue
        never_changes = name.startswith("tile/") and ".p/" not in name
        if never_changes and (folder / safe_name(name)).exists():
            continue
        if not name.startswith("payload/"):
            found.append([name])
        elif not _bundle_is_there(folder, name):
            found[-1].insert(0, name)
    return [step for step in found if step]


def _bundle_is_there(folder: Path, payloads: str) -> bool:
    number = payloads.removeprefix("payload/").removesuffix(".jsonl")
    return (folder / safe_name(f"tile/entries/{number}")).is_file()


def _check_folder(folder: Path) -> None:
    if folder.exists() and any(path.name not in _OURS for path in folder.iterdir()):
        raise CommandFault(
            ExitCode.USAGE, "not-empty", f"`{folder}` holds something else; name an empty folder"
        )


def _check_same_log(folder: Path, client: Client) -> None:
    """Refuse to continue the export of another log. Raises CommandFault."""
    known = folder / "key"
    if not known.is_file():
        return
    # Of a log whose key was rotated, the older lines stay where they are.
    if not client.get_bytes("/v1/audit/export/key").startswith(known.read_bytes()):
        raise CommandFault(
            ExitCode.USAGE,
            "another-log",
            f"`{folder}` holds an export of another log; name an empty folder",
        )


def _fetch_all(folder: Path, client: Client, names: Sequence[str]) -> list[str]:
    """Fetch what is not there yet, several files at a time; return what is not to be had."""
    gone: list[str] = []
    waiting = iter(steps(folder, names))
    with ExitStack() as connections, ThreadPoolExecutor(_AT_ONCE) as pool:
        own = threading.local()

        def fetch(step: Sequence[str]) -> int:
            if not hasattr(own, "get"):
                own.get = connections.enter_context(client.kept_open())
            gone.extend(name for name in step if not _fetch(folder, name, own.get))
            return len(step)

        _run(pool, fetch, waiting, len(names))
    with client.kept_open() as get:
        for name in _LAST:
            if name in names:
                _fetch(folder, name, get)
    output.live("")
    return sorted(gone)


def _run(
    pool: ThreadPoolExecutor,
    fetch: Callable[[Sequence[str]], int],
    waiting: Iterator[list[str]],
    of: int,
) -> None:
    done = 0
    pending: set[Future[int]] = {pool.submit(fetch, step) for step in islice(waiting, _AHEAD)}
    try:
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            done += sum(each.result() for each in finished)
            output.live(f"{done} of {of} files")
            pending |= {pool.submit(fetch, step) for step in islice(waiting, len(finished))}
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


def _fetch(folder: Path, name: str, get: Callable[[str], bytes]) -> bool:
    """Write one file, all of it or nothing; return whether the server has it."""
    path = folder / safe_name(name)
    try:
        content = get(f"/v1/audit/export/{quote(name)}")
    except CommandFault as fault:
        if fault.exit_code is ExitCode.MISSING and name.startswith(_MAY_BE_GONE):
            return False
        raise
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + _PART)
    part.write_bytes(content)
    part.replace(path)
    return True


def _take_out(folder: Path, names: set[str]) -> None:
    """Delete what an earlier export had and this one has not: partial tiles, and keys."""
    for path in [*folder.rglob("*.p/*"), folder / "keys.jsonl", *folder.rglob(f"*{_PART}")]:
        if path.is_file() and path.relative_to(folder).as_posix() not in names:
            path.unlink()
            if path.parent.name.endswith(".p") and not any(path.parent.iterdir()):
                path.parent.rmdir()
