"""Where the client keeps what `assent login` brought: a private file, or two variables.

Where the operating system has a keyring, it keeps the token, and the file only says whose.
"""

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assent.cli import token_store
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.core.secret import Secret

DEFAULT_URL = "http://127.0.0.1:8470"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A server and the bearer token that it gave to `name`."""

    url: str
    token: Secret[str]
    name: str = ""


def home() -> Path:
    """Return the folder of the client's state: `ASSENT_HOME`, or `~/.config/assent`."""
    chosen = os.environ.get("ASSENT_HOME")
    return Path(chosen) if chosen else Path.home() / ".config" / "assent"


def load() -> Credentials | None:
    """Return what to sign in with, None when nobody is signed in.

    `ASSENT_URL` and `ASSENT_TOKEN` outweigh the file. A token from the file is never sent to
    another server than the one that gave it. Raises CommandFault for a file that others can
    read.
    """
    url, token = os.environ.get("ASSENT_URL", ""), os.environ.get("ASSENT_TOKEN", "")
    if token:
        return Credentials(url or DEFAULT_URL, Secret(token))
    kept = _read(home() / "credentials.json")
    if kept is None or (url and url.rstrip("/") != kept["url"].rstrip("/")):
        return None
    held = Secret(kept["token"]) if kept["token"] else token_store.fetch(kept["url"], kept["name"])
    return None if held is None else Credentials(kept["url"], held, kept["name"])


def known_url() -> str:
    """Return the server to talk to: `ASSENT_URL`, the last one signed in to, or the default."""
    url = os.environ.get("ASSENT_URL", "")
    if url:
        return url
    kept = _read(home() / "credentials.json")
    return kept["url"] if kept else DEFAULT_URL


def save(credentials: Credentials) -> None:
    """Keep the token in the keyring or in the file, which is of mode 0600.

    The file is written whole or not at all.
    """
    folder = home()
    in_keyring = token_store.keep(credentials.url, credentials.name, credentials.token)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = {
        "url": credentials.url,
        "token": "" if in_keyring else credentials.token.reveal(),
        "name": credentials.name,
    }
    # mkstemp makes the file with mode 0600: it is never readable by others, not for a moment.
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".credentials-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / "credentials.json")
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def forget() -> None:
    """Remove what is kept; nothing happens when there is nothing."""
    kept = _read(home() / "credentials.json")
    if kept is not None and not kept["token"]:
        token_store.forget(kept["url"], kept["name"])
    (home() / "credentials.json").unlink(missing_ok=True)


def _read(path: Path) -> Mapping[str, str] | None:
    """Return `url`, `name` and `token` of the file; no token where a keyring has it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CommandFault(
            ExitCode.OPERATOR,
            "credentials-open",
            f"`{path}` can be read by others; run `chmod 600 {path}` and sign in again",
        )
    try:
        content = json.loads(text)
        name, token = content.get("name", ""), content["token"]
        return {"url": str(content["url"]), "name": str(name), "token": str(token)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandFault(
            ExitCode.OPERATOR,
            "credentials-broken",
            f"`{path}` is not what `assent login` wrote; remove it and sign in again",
        ) from error
