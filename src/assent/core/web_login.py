"""How the gateway signs in at a target that speaks HTTP: an application, an API, a server of MCP.

The port; `credentials` has what answers it, by the target's `login`.
"""

from collections.abc import Mapping
from typing import Protocol

from assent.core.resource import Target
from assent.core.secret import Secret


class WebLogin(Protocol):
    """Signs in at targets. Every method may raise OutsideFault or OperatorFault."""

    async def headers(self, target: Target) -> Mapping[str, Secret[str]]:
        """Return the header fields that each request to the target carries, none for `none`.

        Names are in lower case; whatever a client sent by these names is to be dropped. Secrets
        are read afresh, so that what was rotated counts at once; a token is kept until it is
        about to expire, and those who wait for one share one request.
        """
        ...

    async def refused(self, target: Target, headers: Mapping[str, Secret[str]]) -> bool:
        """Hear that the target did not take these (401); return whether it is worth another try.

        It is where they held a token that can be asked for anew: then `headers` returns others.
        """
        ...

    async def certificate(self, target: Target) -> Secret[bytes] | None:
        """Return the client certificate with its key, PEM, None where none is shown.

        An `ssl.SSLContext` takes it from a file only; see `gateway.client_certificates.show`.
        """
        ...
