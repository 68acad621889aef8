"""Shows a target the client certificate that the gateway signs in with."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from assent.core.faults import OperatorFault
from assent.core.secret import Secret


def show(context: ssl.SSLContext, certificate: Secret[bytes], place: str) -> None:
    """Have connections of this context show a certificate, PEM with its key and its chain.

    place: where it is referred to. Raises OperatorFault for what is none, without its text.
    """
    try:
        with _as_file(certificate.reveal()) as path:
            # A key that is encrypted is not asked about: nobody sits at this terminal.
            context.load_cert_chain(path, password=b"")
    except (OSError, ssl.SSLError):
        words = "what `password` refers to is no certificate with its private key, both PEM"
        raise OperatorFault("client-certificate", words, place) from None


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """Give the path of a file with this content: OpenSSL reads certificates from files only.

    In memory where the system has such files, and otherwise for this user only.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client-certificate")
        try:
            os.write(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name
