"""What doors serve TLS with: one certificate for all of them, and whether they insist on it."""

import ssl
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from assent.config import split_address
from assent.core.ports import DeviceCertificates
from assent.edges.premises import Premises
from assent.gateway.certificates import client_side, ensure_development_certificate


def serving_tls(
    premises: Premises, host: str, devices: DeviceCertificates | None
) -> tuple[ssl.SSLContext, bool]:
    """Return what clients at `host` are served TLS with, and whether they must use it.

    Certificate and rule are those of `[postgres]`. devices: who vouches for those of clients, None
    where they are not asked. Raises OperatorFault for files that do not fit.
    """
    config = premises.config.postgres
    certificate = _certificate(premises)
    key = premises.config.folder / config.key if config.certificate and config.key else None
    vouches = devices.authority if devices is not None else ""
    require = config.tls == "require" or (not config.tls and not _is_loopback(host))
    return client_side(certificate, key, vouches), require


def digest(premises: Premises) -> str:
    """Return the SHA-256 of the certificate that the doors serve, in hex; clients compare it.

    Empty where it cannot be read.
    """
    try:
        chain = x509.load_pem_x509_certificates(_certificate(premises).read_bytes())
    except (OSError, ValueError):
        return ""
    return chain[0].fingerprint(hashes.SHA256()).hex()


def _certificate(premises: Premises) -> Path:
    """Return the file; a development certificate is made where the operator brings none."""
    config = premises.config.postgres
    if config.certificate:
        return premises.config.folder / config.certificate
    own, _ = split_address(config.listen, "[postgres] listen")
    names = ["localhost", "127.0.0.1", "::1", own]
    return ensure_development_certificate(premises.data, names, premises.clock.now())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
