"""Certificates of SSH: for clients towards the gateway, and for the gateway towards targets.

PROTOCOL.certkeys of OpenSSH. Two authorities, never one: a certificate that lets somebody speak to
the gateway must not open a target whose accounts are named like people. Nothing is ever revoked by
a list: each is good for at most a minute, and one of a client stands for a credential, which the
store is asked for.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    SSHCertificate,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_public_identity,
)

from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.ids import CredentialId
from assent.core.lease import Lease, Privileges
from assent.core.ports import ShownCertificate
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session

LONGEST = timedelta(seconds=60)
_CLOCKS_DIFFER = timedelta(seconds=30)
_FOR_TARGET = b"target@assent"
# What OpenSSH's own server asks for; it is the gateway that decides on each of them.
_AT_TARGETS = (b"permit-agent-forwarding", b"permit-port-forwarding", b"permit-pty")
_LONGEST_TEXT = 16_384


@dataclass(frozen=True, slots=True)
class SshKeys:
    """Seeds of Ed25519 keys. host: what the gateway shows. hosts: vouches for it by name.

    clients: certifies people's keys. targets: certifies the gateway's own, which targets trust.
    """

    host: Secret[bytes]
    hosts: Secret[bytes]
    clients: Secret[bytes]
    targets: Secret[bytes]


class SshCertificates:
    """Issues certificates, and reads those that clients show: `core.ports.SshAuthority`."""

    def __init__(self, keys: SshKeys) -> None:
        self._host = Ed25519PrivateKey.from_private_bytes(keys.host.reveal())
        self._hosts = Ed25519PrivateKey.from_private_bytes(keys.hosts.reveal())
        self._clients = Ed25519PrivateKey.from_private_bytes(keys.clients.reveal())
        self._targets = Ed25519PrivateKey.from_private_bytes(keys.targets.reveal())

    @property
    def host_key(self) -> str:
        """The gateway's host key, as in known_hosts behind the name."""
        return _public(self._host.public_key())

    @property
    def host_authority(self) -> str:
        """Who vouches for the gateway under a target's name: behind `@cert-authority NAME`."""
        return _public(self._hosts.public_key())

    @property
    def target_authority(self) -> str:
        """What targets name in `TrustedUserCAKeys`."""
        return _public(self._targets.public_key())

    def issue(
        self,
        public_key: str,
        credential: CredentialId,
        person: str,
        target: str,
        begins: datetime,
        ends: datetime,
    ) -> str:
        """Return a client's certificate, one line, good for a minute at most.

        public_key: one line, as in `id_ed25519.pub`. Raises ConflictFault for an unusable one.
        """
        key = _certifiable(public_key)
        until = min(ends, begins + LONGEST)
        builder = (
            _builder(key, SSHCertificateType.USER, credential, begins, until)
            .valid_principals([person.encode()])
            # Critical, so that no server but this gateway takes it, whomever it trusts.
            .add_critical_option(_FOR_TARGET, target.encode())
        )
        return builder.sign(self._clients).public_bytes().decode("ascii")

    def read(self, line: str, now: datetime) -> ShownCertificate | None:
        """Return what a client's certificate says, None for one that counts for nothing.

        line: kind and base64. Whether its key is held is proved by whoever asks.
        """
        try:
            shown = load_ssh_public_identity(line.encode("ascii"))
            if not isinstance(shown, SSHCertificate):
                return None
            shown.verify_cert_signature()
            known = _public(shown.signature_key()) == _public(self._clients.public_key())
            lasts = shown.valid_after <= now.timestamp() < shown.valid_before
            if not known or shown.type != SSHCertificateType.USER or not lasts:
                return None
            (person,) = shown.valid_principals
            if set(shown.critical_options) != {_FOR_TARGET}:
                return None
            return ShownCertificate(
                CredentialId(shown.key_id.decode()),
                person.decode(),
                shown.critical_options[_FOR_TARGET].decode(),
                _public(shown.public_key()),
            )
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return None

    def for_host(self, name: str, now: datetime) -> tuple[Secret[str], str]:
        """Return the gateway's own host key, and its certificate for a name, good for a day."""
        key = self._host
        builder = _builder(
            key.public_key(), SSHCertificateType.HOST, f"gateway for {name}", now, now + _DAY
        ).valid_principals([name.encode()])
        return _private(key), builder.sign(self._hosts).public_bytes().decode("ascii")

    @property
    def own_host_key(self) -> Secret[str]:
        """The gateway's host key, whole."""
        return _private(self._host)

    def for_target(self, account: str, about: str, now: datetime) -> tuple[Secret[str], str]:
        """Return a fresh key and its certificate for an account at a target, good for a minute.

        about: what the target's own log shall say of it.
        """
        key = Ed25519PrivateKey.generate()
        builder = _builder(
            key.public_key(), SSHCertificateType.USER, about, now, now + LONGEST
        ).valid_principals([account.encode()])
        for permit in _AT_TARGETS:
            builder = builder.add_extension(permit, b"")
        return _private(key), builder.sign(self._targets).public_bytes().decode("ascii")


class SshCertificateBroker:
    """Reaches targets with a key that is made for the session, certified for a minute.

    Nothing is to be taken back: the certificate ends by itself.
    """

    def __init__(self, certificates: SshCertificates, clock: Clock) -> None:
        self._certificates = certificates
        self._clock = clock

    def needs_privileges(self, target: Target) -> bool:
        """Return that it is the account's own business what it may do."""
        return False

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return the account of the session; the password is the key, its certificate below it."""
        account = session.database or target.user
        key, certificate = self._certificates.for_target(
            account, f"assent {session.id}", self._clock.now()
        )
        return Lease(account, Secret(f"{key.reveal()}{certificate}\n"))

    async def release(self, target: Target, lease: Lease) -> None:
        """Do nothing: it has ended by itself."""

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Return that nothing was left."""
        return []

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return the account, with a way in for a minute."""
        key, certificate = self._certificates.for_target(
            target.user, "assent itself", self._clock.now()
        )
        return target.user, Secret(f"{key.reveal()}{certificate}\n")


_DAY = timedelta(days=1)


def _builder(
    key: Ed25519PublicKey | EllipticCurvePublicKey,
    kind: SSHCertificateType,
    key_id: str,
    begins: datetime,
    ends: datetime,
) -> SSHCertificateBuilder:
    return (
        SSHCertificateBuilder()
        .public_key(key)
        .serial(secrets.randbits(63))
        .type(kind)
        .key_id(key_id.encode())
        .valid_after(int((begins - _CLOCKS_DIFFER).timestamp()))
        .valid_before(int(ends.timestamp()))
    )


def _certifiable(public_key: str) -> Ed25519PublicKey | EllipticCurvePublicKey:
    if len(public_key) > _LONGEST_TEXT:
        raise ConflictFault("bad-key", "what is to be certified is too long for a public key")
    try:
        key = serialization.load_ssh_public_key(public_key.strip().encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        words = "what is to be certified is no public key such as `ssh-ed25519 AAAA…`"
        raise ConflictFault("bad-key", words) from None
    if not isinstance(key, Ed25519PublicKey | EllipticCurvePublicKey):
        words = "only keys of Ed25519 and ECDSA are certified: ssh-keygen -t ed25519"
        raise ConflictFault("bad-key", words)
    return key


def _public(key: object) -> str:
    if not isinstance(key, Ed25519PublicKey | EllipticCurvePublicKey):
        raise ValueError("a key of a kind that is never certified")
    return key.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode("ascii")


def _private(key: Ed25519PrivateKey) -> Secret[str]:
    return Secret(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        ).decode("ascii")
    )
