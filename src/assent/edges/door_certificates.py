"""What doors serve TLS with: one certificate for all of them, and whether they insist on it."""

import ssl
from ipaddress import ip_address

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
    if config.certificate:
        certificate = premises.config.folder / config.certificate
        key = premises.config.folder / config.key if config.key else None
    else:
        own, _ = split_address(config.listen, "[postgres] listen")
        names = ["localhost", "127.0.0.1", "::1", own]
        now = premises.clock.now()
        certificate = ensure_development_certificate(premises.data, names, now)
        key = None
    vouches = devices.authority if devices is not None else ""
    require = config.tls == "require" or (not config.tls and not _is_loopback(host))
    return client_side(certificate, key, vouches), require


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
