"""Binding what is asked for to this device: its signature, and a key for the wire.

The key for the wire is new every time and the server certifies it: the device's own key is in no
file that a client could be pointed to.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assent.cli import output
from assent.cli.client import Client
from assent.cli.credentials import home
from assent.cli.exit_codes import CommandFault
from assent.cli.signing import key_for
from assent.core.secret import Secret

_OLD_S = 24 * 3600


class Binding:
    """What is sent with a wish, and what belongs to the answer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = key_for(client)
        self._wire: Secret[bytes] | None = None

    def of(self, body: Mapping[str, object]) -> dict[str, object]:
        """Return a wish for a password with this device's signature; as it is where it has no key.

        Raises CommandFault, such as for a device that was revoked.
        """
        if self._key is None:
            return dict(body)
        from assent.audit.approval_signatures import encoded
        from assent.audit.device_statements import connect_message

        try:
            begun = self._client.post(f"/v1/devices/{self._key.id}/connect/challenge")
        except CommandFault as fault:
            if fault.code != "no-such-device":
                raise
            output.note(f"not bound to this device: {fault.detail}")
            self._key = None
            return dict(body)
        self._wire, public = _wire_key()
        certificate_key = encoded(public)
        connections = body.get("connections", 1)
        message = connect_message(
            str(begun["subject"]),
            self._key.id,
            str(begun["challenge"]),
            str(body["target"]),
            connections if isinstance(connections, int) else 1,
            certificate_key,
        )
        device = {
            "key": self._key.id,
            "challenge": begun["challenge"],
            "signature": self._key.sign(message),
            "certificate_key": certificate_key,
        }
        return {**body, "device": device}

    def kept(self, opened: dict[str, Any]) -> dict[str, Any]:
        """Return the answer with the paths of certificate and key, where there is a certificate."""
        certificate = opened.get("certificate")
        if not certificate or self._wire is None:
            return opened
        folder = _folder()
        cert, key = (
            _file(folder, ".crt", certificate.encode()),
            _file(folder, ".key", self._wire.reveal()),
        )
        return {**opened, "sslcert": str(cert), "sslkey": str(key)}


def _wire_key() -> tuple[Secret[bytes], bytes]:
    """Return a new private key as PEM, and its public half as DER."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Secret(private), public


def _folder() -> Path:
    """Return where certificates lie, rid of those of yesterday."""
    folder = home() / "certificates"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        try:
            if output.now().timestamp() - old.stat().st_mtime > _OLD_S:
                old.unlink()
        except OSError:
            # Another command was faster.
            continue
    return folder


def _file(folder: Path, suffix: str, content: bytes) -> Path:
    # mkstemp makes the file with mode 0600, which libpq wants of a key.
    handle, name = tempfile.mkstemp(dir=folder, suffix=suffix)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(name)
