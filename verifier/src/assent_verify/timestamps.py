"""Time stamps of an authority: RFC 3161 section 2.4.2, in a CMS SignedData (RFC 5652)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from assent_verify.der import INTEGER, OCTETS, OID, SEQUENCE, SET, TIME, Value, read_one

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SHA256 = bytes.fromhex("608648016503040201")
_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    _SHA256: hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
_PSS = bytes.fromhex("2a864886f70d01010a")
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]{1,6})[0-9]*)?Z")
_LONGEST_CHAIN = 4


@dataclass(frozen=True, slots=True)
class Token:
    """What a time stamp says, and what it takes to check who signed it.

    imprint: the SHA-256 of what was stamped. content: the bytes signed, by their digest.
    """

    imprint: bytes
    at: datetime
    content: bytes
    signer: Value
    certificates: tuple[bytes, ...]


def read_token(data: bytes) -> Token:
    """Return what a token, or the answer with it, says. Raises ValueError."""
    try:
        outer = read_one(data)
        if outer.items()[0].tag == SEQUENCE:  # TimeStampResp: a status, then the token.
            outer = outer.items()[1]
        kind, wrapped = outer.items()
        if kind.body != _SIGNED_DATA:
            raise ValueError("it is not signed data")
        parts = read_one(wrapped.body).items()
        content_type, content = parts[2].items()
        if content_type.body != _TST_INFO:
            raise ValueError("what is signed is no time stamp")
        octets = read_one(content.body)
        certificates = [item.raw for part in parts if part.tag == 0xA0 for item in part.items()]
        signers = parts[-1].items()
        if octets.tag != OCTETS or parts[-1].tag != SET or len(signers) != 1:
            raise ValueError("it has one content and one signer")
        imprint, at = _read_info(octets.body)
        return Token(imprint, at, octets.body, signers[0], tuple(certificates))
    except IndexError as error:
        raise ValueError("a part is missing") from error


def check_token(token: Token, authorities: Sequence[bytes]) -> None:
    """Return when one of the authorities (certificates, DER), or somebody whom they vouched
    for, signed the token; else ValueError.
    """
    _, identifier, digest, *rest = token.signer.items()
    algorithm = _HASHES.get(digest.items()[0].body)
    if algorithm is None or not rest or rest[0].tag != 0xA0 or len(rest) < 3:
        raise ValueError("the time stamp is signed in a way that is not known here")
    attributes, signed_with, signature = rest[:3]
    _check_attributes(attributes, token.content, algorithm)
    certificates = [x509.load_der_x509_certificate(one) for one in token.certificates]
    trusted = [x509.load_der_x509_certificate(one) for one in authorities]
    signer = _signer(identifier, [*trusted, *certificates])
    _check_purpose(signer)
    _check_chain(signer, certificates, trusted, token.at)
    # RFC 5652 section 5.4: what is signed is the set of attributes, under its own tag.
    message = b"\x31" + attributes.raw[1:]
    _check_signature(signer, signed_with.items()[0].body, signature.body, message, algorithm)


def _read_info(content: bytes) -> tuple[bytes, datetime]:
    _, _, imprint, serial, at = read_one(content).items()[:5]
    algorithm, digest = imprint.items()
    if algorithm.items()[0].body != _SHA256 or digest.tag != OCTETS or serial.tag != INTEGER:
        raise ValueError("it is a time stamp of something else than a sha-256")
    match = _TIME.fullmatch(at.body)
    if at.tag != TIME or match is None:
        raise ValueError("its time is malformed")
    moment = datetime.strptime(match.group(1).decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    micro = int((match.group(2) or b"0").ljust(6, b"0"))
    return digest.body, moment.replace(microsecond=micro)


def _check_attributes(attributes: Value, content: bytes, algorithm: hashes.HashAlgorithm) -> None:
    found: dict[bytes, bytes] = {}
    for attribute in attributes.items():
        name, values = attribute.items()
        if name.tag == OID and name.body not in found:
            found[name.body] = values.items()[0].body
    digest = hashes.Hash(algorithm)
    digest.update(content)
    if found.get(_CONTENT_TYPE) != _TST_INFO or found.get(_MESSAGE_DIGEST) != digest.finalize():
        raise ValueError("the signature of the time stamp is over something else")


def _signer(identifier: Value, among: Sequence[x509.Certificate]) -> x509.Certificate:
    for one in among:
        if identifier.tag == SEQUENCE:
            issuer, serial = identifier.items()
            number = int.from_bytes(serial.body, "big", signed=True)
            if one.issuer.public_bytes() == issuer.raw and one.serial_number == number:
                return one
        else:
            key = x509.SubjectKeyIdentifier.from_public_key(one.public_key()).digest
            if key == identifier.body:
                return one
    raise ValueError("the certificate of who signed the time stamp is not here")


def _check_purpose(signer: x509.Certificate) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or list(usage) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("who signed the time stamp may not stamp times (RFC 3161 section 2.3)")


def _check_chain(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    current = signer
    for _ in range(_LONGEST_CHAIN):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise ValueError("a certificate of who signed the time stamp was not valid then")
        if current in trusted:
            return
        issuer = next((one for one in (*trusted, *others) if _issued(current, one)), None)
        if issuer is None:
            break
        current = issuer
    raise ValueError("no authority that you trust vouches for who signed the time stamp")


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    if by == certificate:
        return False
    try:
        if not by.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(by)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_signature(
    signer: x509.Certificate,
    kind: bytes,
    signature: bytes,
    message: bytes,
    algorithm: hashes.HashAlgorithm,
) -> None:
    key = signer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and kind != _PSS:
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            raise ValueError("the time stamp is signed in a way that is not known here")
    except InvalidSignature:
        raise ValueError("the signature of the time stamp does not fit") from None
