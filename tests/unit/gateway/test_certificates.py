"""TLS contexts: made once, kept secret, and as strict as asked for."""

import ssl
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from assent.core.faults import OperatorFault
from assent.gateway.certificates import client_side, ensure_development_certificate, target_side
from builders import SHOP

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def test_a_development_certificate_is_made_once_and_its_key_is_the_owners(tmp_path: Path) -> None:
    path = ensure_development_certificate(tmp_path, ["localhost", "127.0.0.1", "::1"], NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert ensure_development_certificate(tmp_path, ["other"], NOW) == path
    assert path.read_bytes() == before
    context = client_side(path, None)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_it_names_hosts_and_addresses(tmp_path: Path) -> None:
    path = ensure_development_certificate(tmp_path, ["localhost", "127.0.0.1"], NOW)
    pem = path.read_bytes()
    certificate = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


@pytest.mark.parametrize("content", [None, b"", b"not PEM"])
def test_a_certificate_that_cannot_be_used_is_the_operators_fault(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "server.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OperatorFault, match="no usable PEM certificate"):
        client_side(path, None)


def test_a_target_is_verified_only_when_asked_and_then_wholly(tmp_path: Path) -> None:
    for tls in ("prefer", "require"):
        context = target_side(replace(SHOP, tls=tls))
        assert context.verify_mode is ssl.CERT_NONE
    strict = target_side(replace(SHOP, tls="verify"))
    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert strict.check_hostname
    with pytest.raises(OperatorFault, match="certificate-authority"):
        target_side(
            replace(SHOP, tls="verify", certificate_authority=str(tmp_path / "missing.pem"))
        )
