"""Certificates by which a device's connection is known on the wire, signed by our own authority.

RFC 5280. They last as long as the password that they come with, so nothing is ever revoked by a
list: a gateway asks the store whether the device still counts.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from assent.core.faults import ConflictFault
from assent.core.ids import DeviceKeyId

_URI = "urn:assent:device:"
_LASTS_FOR = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(minutes=5)


class DeviceAuthority:
    """Issues certificates for devices' connections."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @property
    def authority(self) -> str:
        """Its own certificate, PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def issue(
        self, public_key: bytes, device: DeviceKeyId, name: str, begins: datetime, ends: datetime
    ) -> str:
        """Return a certificate for a client, PEM. Raises ConflictFault for an unusable key."""
        try:
            key = serialization.load_der_public_key(public_key)
        except (ValueError, UnsupportedAlgorithm):
            raise ConflictFault("bad-key", "what is to be certified is no public key") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
            key.curve, ec.SECP256R1
        ):
            raise ConflictFault("bad-key", "only keys of P-256 are certified")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins - _CLOCKS_DIFFER)
            .not_valid_after(ends + _CLOCKS_DIFFER)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(_URI + device)]), False
            )
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def authority_of(content: bytes) -> DeviceAuthority:
    """Return the authority that `new_authority` wrote. Raises ValueError for what is none."""
    key = serialization.load_pem_private_key(content, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("its key is of another kind than P-256")
    return DeviceAuthority(key, x509.load_pem_x509_certificate(content))


def device_of(der: bytes | None) -> DeviceKeyId | None:
    """Return the device that a certificate, which was verified, is for; None for no device's."""
    if der is None:
        return None
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (ValueError, x509.ExtensionNotFound):
        return None
    if len(found) != 1 or not found[0].startswith(_URI):
        return None
    return DeviceKeyId(found[0].removeprefix(_URI))


def new_authority(now: datetime) -> bytes:
    """Return a new authority as PEM: its private key and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Assent devices")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LASTS_FOR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(usage, True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
