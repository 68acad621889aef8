"""The data folder and the keys in it: made once, for their owner alone."""

import secrets
from pathlib import Path

from assent.config import Config
from assent.core.faults import OperatorFault
from assent.stores.database import FILE_NAME as STORE_FILE_NAME
from assent.witnesses.durable import create_durably


def data_folder(config: Config) -> Path:
    """Return the data folder, made for its owner alone when it is not there."""
    folder = config.folder / config.server.data
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        words = f"`{folder}` cannot be made ({fault.strerror}); name another folder"
        raise OperatorFault("data-folder", words, "[server] data") from fault
    return folder


def audit_key(data: Path) -> bytes:
    """Return the key that signs the log. A log that exists is never signed by another one."""
    path = data / "audit.key"
    if not path.exists() and (data / STORE_FILE_NAME).exists():
        raise OperatorFault(
            "audit-key-missing",
            f"`{path}` is gone, and the log beside it was signed with it: restore it from your "
            "backup, or begin a new log in another data folder",
        )
    return key_in(path)


def key_in(path: Path) -> bytes:
    """Return the 32 bytes of a key file, made with mode 0600 when it is not there.

    What it signs or seals may outlive any crash from then on, so it is durable. Raises
    OperatorFault.
    """
    try:
        if not path.exists():
            create_durably(path, secrets.token_bytes(32))
        key = path.read_bytes()
    except OSError as fault:
        words = f"`{path}` cannot be made or read ({fault.strerror})"
        raise OperatorFault("key", words) from fault
    if len(key) != 32:
        raise OperatorFault("key", f"`{path}` must hold 32 bytes; restore it from your backup")
    return key
