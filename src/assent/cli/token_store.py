"""The operating system's keyring, where there is one: no file holds the token then.

On a server there is none, which is the usual case; `keyring` is imported only where one may be.
"""

import os
import sys

from assent.core.secret import Secret

SERVICE = "assent"


def may_be_there() -> bool:
    """Return whether a keyring is worth looking for; `ASSENT_KEYRING=off` says no."""
    if os.environ.get("ASSENT_KEYRING") == "off":
        return False
    # On Linux keyrings are reached by the session's bus, which headless machines have none of.
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND")
    )


def keep(url: str, name: str, token: Secret[str]) -> bool:
    """Keep a token in the keyring; return whether it is there now."""
    if not may_be_there():
        return False
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, _key(url, name), token.reveal())
        # Some back ends take everything and keep nothing.
        return keyring.get_password(SERVICE, _key(url, name)) == token.reveal()
    except (KeyringError, OSError):
        return False


def fetch(url: str, name: str) -> Secret[str] | None:
    """Return a token from the keyring, None where it has none or cannot be asked."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(SERVICE, _key(url, name))
    except (KeyringError, OSError):
        return None
    return Secret(found) if found else None


def forget(url: str, name: str) -> None:
    """Remove a token from the keyring; nothing happens where there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(SERVICE, _key(url, name))
    except (KeyringError, OSError):
        return


def _key(url: str, name: str) -> str:
    return f"{name}@{url}"
