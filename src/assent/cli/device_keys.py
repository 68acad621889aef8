"""This device's key: made here, in the best place that there is for it, and never sent.

In the TPM, from which nothing comes out; else in the keyring of the operating system; else in one
private file. `device-keys.json` says where each is.
"""

import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assent.cli import tpm
from assent.cli.credentials import home
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.core.secret import Secret

KIND = "ed25519"
TPM, KEYRING, FILE = "tpm", "keyring", "file"
_SERVICE = "assent-device"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key of the person `name` at the server `url`. public_key: base64.

    id: what the server calls it, empty until it is enrolled. protection: where its private half
    is: `tpm`, `keyring` or `file`. seed: its 32 secret bytes, of one in a file. entry: its name in
    the keyring. blobs: of one in the TPM.
    """

    url: str
    name: str
    id: str
    kind: str
    protection: str
    public_key: str
    seed: Secret[bytes] | None = None
    entry: str = ""
    blobs: tpm.Blobs | None = None

    def sign(self, message: bytes) -> str:
        """Return the signature over `message`, base64. Raises CommandFault."""
        from assent.audit.approval_signatures import encoded

        if self.blobs is not None:
            return encoded(tpm.sign(self.blobs, message))
        seed = self.seed if self.seed is not None else _from_keyring(self.entry)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return encoded(Ed25519PrivateKey.from_private_bytes(seed.reveal()).sign(message))


def path() -> Path:
    """Return where it is written which keys this device has."""
    return home() / "device-keys.json"


def make(url: str, name: str, protection: str = "") -> DeviceKey:
    """Return a new key, not enrolled yet. protection: where, empty for the best place there is.

    Raises CommandFault where it cannot be made there.
    """
    where = protection or (TPM if tpm.is_there() else KEYRING if _has_keyring() else FILE)
    url = url.rstrip("/")
    if where == TPM:
        from assent.audit.approval_signatures import encoded

        blobs, point = tpm.make()
        return DeviceKey(url, name, "", tpm.KIND, TPM, encoded(point), blobs=blobs)
    seed, public_key = _new_pair()
    key = DeviceKey(url, name, "", KIND, where, public_key, seed)
    return _into_keyring(key, seed) if where == KEYRING else key


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
        for key in found:
            if key.id == identity and key.entry:
                _out_of_keyring(key.entry)
    return len(left) < len(found)


def _new_pair() -> tuple[Secret[bytes], str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from assent.audit.approval_signatures import encoded

    key = Ed25519PrivateKey.generate()
    return Secret(key.private_bytes_raw()), encoded(key.public_key().public_bytes_raw())


def _has_keyring() -> bool:
    try:
        import keyring

        # Those that keep nothing, or keep it in the clear, have a lower one.
        return bool(keyring.get_keyring().priority >= 1)
    except Exception:
        # Whatever a desktop's service fails with: then there is none.
        return False


def _into_keyring(key: DeviceKey, seed: Secret[bytes]) -> DeviceKey:
    import keyring
    from keyring.errors import KeyringError

    from assent.audit.approval_signatures import encoded

    entry = f"{key.url} {key.name} {secrets.token_hex(8)}"
    try:
        keyring.set_password(_SERVICE, entry, encoded(seed.reveal()))
    except KeyringError as error:
        words = f"the keyring does not take the key: {error}; `--protection file` does without it"
        raise CommandFault(ExitCode.OUTSIDE, "keyring", words) from error
    return replace(key, seed=None, entry=entry)


def _from_keyring(entry: str) -> Secret[bytes]:
    import keyring
    from keyring.errors import KeyringError

    from assent.audit.approval_signatures import decoded

    try:
        kept = keyring.get_password(_SERVICE, entry)
        if kept is None:
            raise ValueError("it is not there any more")
        return Secret(decoded(kept, 32, "a key"))
    except (KeyringError, ValueError) as error:
        words = f"the keyring does not give this device's key: {error}; unlock it, or enrol again"
        raise CommandFault(ExitCode.OUTSIDE, "keyring", words) from error


def _out_of_keyring(entry: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(_SERVICE, entry)
    except KeyringError:
        # It is revoked; that it lies there changes nothing.
        return


def _write(keys: list[DeviceKey]) -> None:
    folder = home()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes the file with mode 0600: it is never readable by others, not for a moment.
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".device-keys-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump([_item(key) for key in keys], file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path())
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _item(key: DeviceKey) -> dict[str, str]:
    from assent.audit.approval_signatures import encoded

    item = {
        "url": key.url,
        "name": key.name,
        "id": key.id,
        "kind": key.kind,
        "protection": key.protection,
        "public_key": key.public_key,
    }
    if key.seed is not None:
        item["seed"] = encoded(key.seed.reveal())
    if key.entry:
        item["entry"] = key.entry
    if key.blobs is not None:
        item["tpm_public"] = encoded(key.blobs.public)
        item["tpm_private"] = encoded(key.blobs.private)
    return item


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
            f"`{file}` can be read by others: revoke its keys with `assent device revoke`, "
            "remove it and enrol again",
        )
    try:
        items = json.loads(text)
        if not isinstance(items, list):
            raise TypeError("not a list")
        return [_key(item) for item in items]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFault(
            ExitCode.OPERATOR,
            "device-keys-broken",
            f"`{file}` is not what `assent device enroll` wrote; remove it and enrol again",
        ) from error


def _key(item: Mapping[str, Any]) -> DeviceKey:
    from assent.audit.approval_signatures import decoded, decoded_any

    seed = Secret(decoded(str(item["seed"]), 32, "a key")) if "seed" in item else None
    blobs = None
    if "tpm_public" in item:
        blobs = tpm.Blobs(
            decoded_any(str(item["tpm_public"]), "a key"),
            decoded_any(str(item["tpm_private"]), "a key"),
        )
    if seed is None and blobs is None and not item.get("entry"):
        raise ValueError("a key that is nowhere")
    return DeviceKey(
        str(item["url"]),
        str(item["name"]),
        str(item["id"]),
        str(item["kind"]),
        str(item.get("protection", FILE)),
        str(item["public_key"]) if "public_key" in item else _public_of(seed),
        seed,
        str(item.get("entry", "")),
        blobs,
    )


def _public_of(seed: Secret[bytes] | None) -> str:
    """Return the public half of a key that was written down without it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from assent.audit.approval_signatures import encoded

    if seed is None:
        raise ValueError("a key without its public half")
    key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
    return encoded(key.public_key().public_bytes_raw())
