"""TLS contexts: towards clients with our certificate, towards targets with their rules."""

import ssl
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assent.core.faults import OperatorFault
from assent.core.resource import Target

_LASTS_FOR = timedelta(days=365)


def ensure_development_certificate(folder: Path, names: list[str], now: datetime) -> Path:
    """Return the path of a self-signed certificate with its key, made when it is not there.

    It encrypts; nobody vouches for it. Clients that verify need one that the operator brings.
    """
    path = folder / "development-certificate.pem"
    if path.exists():
        return path
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Assent development")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LASTS_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(item) for item in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def client_side(certificate: Path, key: Path | None, devices: str = "") -> ssl.SSLContext:
    """Return what clients are served TLS with. Raises OperatorFault when a file does not fit.

    devices: the certificate of who vouches for devices, PEM; a client is then asked for its own.
    Who shows none comes in all the same, to be told in words what is missing.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as fault:
        raise OperatorFault(
            "certificate", f"`{certificate}` is no usable PEM certificate with its key"
        ) from fault
    if devices:
        context.load_verify_locations(cadata=devices)
        context.verify_mode = ssl.CERT_OPTIONAL
        # A session that is taken up again shows no certificate.
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
    return context


def target_side(target: Target) -> ssl.SSLContext:
    """Return what a target is spoken TLS to with, as strict as `target.tls` asks for.

    `verify` checks the chain and the name; `prefer` and `require` encrypt only, as libpq does.
    """
    if target.tls == "verify":
        try:
            return ssl.create_default_context(cafile=target.certificate_authority or None)
        except (OSError, ssl.SSLError) as fault:
            raise OperatorFault(
                "certificate-authority",
                f"`{target.certificate_authority}` of target `{target.name}` cannot be read",
            ) from fault
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
