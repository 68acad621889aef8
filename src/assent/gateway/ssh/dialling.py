"""Signs in at a target over SSH, by keys that it is known by."""

import asyncio
import base64
import hashlib

import asyncssh
import structlog

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.lease import Lease
from assent.core.resource import Target
from assent.gateway.dial import dial
from assent.gateway.ssh.packets import CIPHERS_TO_TARGETS
from assent.gateway.ssh.wire import TargetConnection, connect

_DEADLINE_S = 15.0
_CERTIFICATE = "-cert-v01@openssh.com "

_log = structlog.get_logger("gateway")


async def reach(target: Target, lease: Lease, account: str) -> TargetConnection:
    """Return a connection to the target, signed in as that account.

    Raises OutsideFault where it does not answer, shows another key or does not let us in, and
    OperatorFault for a key that is none.
    """
    known = _Known(target, _host_keys(target))
    options = await asyncssh.SSHClientConnectionOptions.construct(
        config=None,
        username=account,
        known_hosts=(known.keys, [], []),
        client_keys=_own_key(target, lease),
        preferred_auth="publickey",
        agent_path=None,
        gss_host=None,
        encryption_algs=CIPHERS_TO_TARGETS,
        compression_algs=None,
        disable_trivial_auth=True,
        client_version="Assent",
        keepalive_interval=30,
        host=target.host,
        port=target.port,
    )
    try:
        async with asyncio.timeout(_DEADLINE_S):
            return await connect(known, options, lambda factory: dial(target, factory))
    except TimeoutError as fault:
        words = f"target `{target.name}` did not answer within {_DEADLINE_S:.0f} s"
        raise OutsideFault("target-unreachable", words) from fault
    except (asyncssh.Error, OSError) as fault:
        if known.shown:
            _log.error("host-key-unknown", target=target.name, shown=known.shown)
            words = f"target `{target.name}` shows the key {known.shown}, which is not one of its"
            raise OutsideFault("host-key-unknown", words) from fault
        _log.error("target-sign-in", target=target.name, what=str(fault)[:200])
        words = f"target `{target.name}` does not let the gateway in as `{account[:80]}`"
        if not isinstance(fault, asyncssh.PermissionDenied):
            words = f"target `{target.name}` does not speak SSH as it should"
        raise OutsideFault("target-unreachable", words) from fault


class _Known(asyncssh.SSHClient):
    """Remembers the fingerprint of a key that is not one of the target's. shown: empty for none."""

    def __init__(self, target: Target, keys: list[asyncssh.SSHKey]) -> None:
        self.keys = keys
        self.shown = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Return that no other key will do."""
        digest = hashlib.sha256(key.public_data).digest()
        self.shown = f"SHA256:{base64.b64encode(digest).decode('ascii').rstrip('=')}"
        return False


def _host_keys(target: Target) -> list[asyncssh.SSHKey]:
    written = target.options.get("host_keys", ())
    lines = (written,) if isinstance(written, str) else written
    try:
        keys = [asyncssh.import_public_key(line) for line in lines]
    except asyncssh.Error as fault:
        words = f"one of them is no public key ({fault})"
        raise OperatorFault("host-keys", words, f"target {target.name} ssh.host_keys") from fault
    if not keys:
        words = "needs at least one of the server's keys"
        raise OperatorFault("host-keys", words, f"target {target.name} ssh.host_keys")
    return keys


def _own_key(
    target: Target, lease: Lease
) -> list[asyncssh.SSHKey | tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]]:
    """Return the key to sign in with, and its certificate where one stands below it."""
    lines = lease.password.reveal().strip().splitlines()
    certified = [line for line in lines if _CERTIFICATE in line]
    try:
        key = asyncssh.import_private_key(
            "\n".join(line for line in lines if _CERTIFICATE not in line) + "\n"
        )
        if certified:
            return [(key, asyncssh.import_certificate(certified[0]))]
    except asyncssh.Error as fault:
        words = f"it is no private key without a passphrase ({str(fault)[:80]})"
        raise OperatorFault("ssh-key", words, f"target {target.name} password") from fault
    return [key]
