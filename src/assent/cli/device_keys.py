"""The private half of this device's key: made here, kept in one private file, never sent."""

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from assent.cli.credentials import home
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.core.secret import Secret

KIND = "ed25519"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key of the person `name` at the server `url`. seed: its 32 secret bytes.

    id: what the server calls it, empty until it is enrolled.
    """

    url: str
    name: str
    id: str
    seed: Secret[bytes]

    @property
    def public_key(self) -> str:
        """The public half, base64."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from assent.audit.approval_signatures import encoded

        key = Ed25519PrivateKey.from_private_bytes(self.seed.reveal())
        return encoded(key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        """Return the signature over `message`, base64."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from assent.audit.approval_signatures import encoded

        return encoded(Ed25519PrivateKey.from_private_bytes(self.seed.reveal()).sign(message))


def path() -> Path:
    """Return where the keys of this device are kept."""
    return home() / "device-keys.json"


def new_seed() -> Secret[bytes]:
    """Return the secret bytes of a new key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Secret(Ed25519PrivateKey.generate().private_bytes_raw())


def any_for(url: str) -> bool:
    """Return whether this device has a key for anybody at this server."""
    return any(key.url == url.rstrip("/") for key in _load())


def find(url: str, name: str) -> DeviceKey | None:
    """Return this device's key for a person at a server. Raises CommandFault."""
    return next((key for key in _load() if (key.url, key.name) == (url.rstrip("/"), name)), None)


def keep(key: DeviceKey) -> None:
    """Keep a key in place of an earlier one for the same person; the file is whole or as it was."""
    others = [one for one in _load() if (one.url, one.name) != (key.url, key.name)]
    _write([*others, key])


def forget(identity: str) -> bool:
    """Remove a key; return whether there was one."""
    found = _load()
    left = [key for key in found if key.id != identity]
    if len(left) < len(found):
        _write(left)
    return len(left) < len(found)


def _write(keys: list[DeviceKey]) -> None:
    from assent.audit.approval_signatures import encoded

    content = [
        {
            "url": key.url,
            "name": key.name,
            "id": key.id,
            "kind": KIND,
            "seed": encoded(key.seed.reveal()),
        }
        for key in keys
    ]
    folder = home()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes the file with mode 0600: it is never readable by others, not for a moment.
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".device-keys-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path())
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _load() -> list[DeviceKey]:
    file = path()
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CommandFault(
            ExitCode.OPERATOR,
            "device-keys-open",
            f"`{file}` can be read by others: revoke its keys with `assent devices revoke`, "
            "remove it and enrol again",
        )
    from assent.audit.approval_signatures import decoded

    try:
        items = json.loads(text)
        if not isinstance(items, list):
            raise TypeError("not a list")
        return [
            DeviceKey(
                str(item["url"]),
                str(item["name"]),
                str(item["id"]),
                Secret(decoded(str(item["seed"]), 32, "a key")),
            )
            for item in items
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFault(
            ExitCode.OPERATOR,
            "device-keys-broken",
            f"`{file}` is not what `assent devices enroll` wrote; remove it and enrol again",
        ) from error
