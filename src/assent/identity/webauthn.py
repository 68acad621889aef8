"""This site as a Relying Party of WebAuthn, over py_webauthn.

What can be used twice over is checked twice: by the library, and by our own reading in
`audit.assertions`, which is also the one that signed approvals are checked with. Ours says in
words what is wrong.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from assent.audit.assertions import Assertion, check_assertion, check_place
from assent.audit.cose_keys import key_check
from assent.core.canonical import Json
from assent.core.faults import ForbiddenFault
from assent.core.passkey import NewPasskey, PresentedPasskey
from assent.core.subject import Subject

TIMEOUT_MS = 120_000
LONGEST_ID = 1023
"""Of a credential, in bytes (WebAuthn Level 3, section 5.8.3 of CTAP2's limits)."""
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)
_UNREADABLE = (
    WebAuthnException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
)
"""What the library raises for input that is not what it should be."""


class WebAuthnParty:
    """A site that passkeys can be made for. origin: as browsers write it. name: for people."""

    def __init__(self, origin: str, name: str = "Assent") -> None:
        self._origin = origin
        self._rp_id = urlsplit(origin).hostname or ""
        self._name = name

    @property
    def rp_id(self) -> str:
        """Return the host that passkeys are made for."""
        return self._rp_id

    @property
    def origin(self) -> str:
        """Return where they have to be used, exactly."""
        return self._origin

    @property
    def problem(self) -> str:
        """Return why passkeys cannot be used here and what to do; empty where they can."""
        what = "set `[server] public_url` to `https://` and a name"
        local = self._rp_id == "localhost" or self._rp_id.endswith(".localhost")
        if _is_address(self._rp_id) or not self._rp_id:
            words = f"passkeys are made for names, and `{self._rp_id}` is an address"
            return f"{words}; {what}, or to `http://localhost` and the port to try it"
        if not local and not self._origin.startswith("https://"):
            return f"browsers use passkeys over https only, and this is `{self._origin}`; {what}"
        return ""

    def creation_options(
        self, subject: Subject, challenge: bytes, known: Sequence[Mapping[str, str]]
    ) -> dict[str, Json]:
        """Return what a browser needs to make one. known: details of those that there are."""
        options = generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._name,
            user_id=subject.id.encode(),
            user_name=subject.name,
            user_display_name=subject.display_name or subject.name,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[_descriptor(one) for one in known],
            supported_pub_key_algs=_ALGORITHMS,
        )
        return cast(dict[str, Json], options_to_json_dict(options))

    def request_options(
        self, challenge: bytes, known: Sequence[Mapping[str, str]]
    ) -> dict[str, Json]:
        """Return what a browser needs to use one. known: those to use, none for any."""
        options = generate_authentication_options(
            rp_id=self._rp_id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=[_descriptor(one) for one in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return cast(dict[str, Json], options_to_json_dict(options))

    def challenge_of(self, credential: str) -> bytes:
        """Return the challenge that a browser's answer says to be about."""
        try:
            made = parse_registration_credential_json(credential)
            return parse_client_data_json(made.response.client_data_json).challenge
        except _UNREADABLE as error:
            raise _unreadable() from error

    def made(self, credential: str, challenge: bytes) -> NewPasskey:
        """Return the passkey that was made for this challenge."""
        try:
            read = parse_registration_credential_json(credential)
            found = verify_registration_response(
                credential=read,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            key_check(found.credential_public_key)
        except WebAuthnException as error:
            words = f"this passkey cannot be used at `{self._origin}`: {_plain(str(error))}"
            raise ForbiddenFault("bad-passkey", words) from error
        except _UNREADABLE as error:
            words = "the passkey has a key that is not supported; ES256, EdDSA and RS256 are"
            raise ForbiddenFault("bad-passkey", words) from error
        if len(found.credential_id) > LONGEST_ID:
            raise ForbiddenFault("bad-passkey", "the passkey's id is too long")
        transports = {one.value for one in read.response.transports or ()}
        return NewPasskey(
            bytes_to_base64url(found.credential_id),
            found.credential_public_key,
            found.sign_count,
            tuple(sorted(transports)),
            found.aaguid,
            found.credential_backed_up,
        )

    def presented(self, credential: str) -> PresentedPasskey:
        """Return what a browser's answer says, unchecked."""
        try:
            read = parse_authentication_credential_json(credential)
            response = read.response
            return PresentedPasskey(
                credential_id=bytes_to_base64url(read.raw_id),
                user=(response.user_handle or b"").decode("utf-8"),
                challenge=parse_client_data_json(response.client_data_json).challenge,
                authenticator_data=response.authenticator_data,
                client_data=response.client_data_json,
                signature=response.signature,
            )
        except _UNREADABLE as error:
            raise _unreadable() from error

    def check_place(self, given: PresentedPasskey) -> None:
        """Check all of that but the signature: what does not depend on whose it is."""
        try:
            check_place(self._rp_id, given.challenge, _assertion(given), self._origin)
        except ValueError as error:
            raise ForbiddenFault("bad-passkey", str(error)) from None

    def check(self, given: PresentedPasskey, public_key: bytes) -> None:
        """Check that the holder of the key signed the challenge here, present and verified."""
        try:
            check_assertion(
                public_key, self._rp_id, given.challenge, _assertion(given), self._origin
            )
            verify_authentication_response(
                credential=_credential(given),
                expected_challenge=given.challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=public_key,
                # Whether it counts forward is asked by who knows how far it had counted.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise ForbiddenFault("bad-passkey", _plain(str(error))) from error
        except ValueError as error:
            raise ForbiddenFault("bad-passkey", str(error)) from None


def _descriptor(details: Mapping[str, str]) -> PublicKeyCredentialDescriptor:
    named = [one for one in details.get("transports", "").split() if one in _TRANSPORTS]
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(details["credential_id"]),
        transports=[AuthenticatorTransport(one) for one in named] or None,
    )


def _assertion(given: PresentedPasskey) -> Assertion:
    return Assertion(given.authenticator_data, given.client_data, given.signature)


def _credential(given: PresentedPasskey) -> AuthenticationCredential:
    return AuthenticationCredential(
        id=given.credential_id,
        raw_id=base64url_to_bytes(given.credential_id),
        response=AuthenticatorAssertionResponse(
            client_data_json=given.client_data,
            authenticator_data=given.authenticator_data,
            signature=given.signature,
        ),
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _plain(text: str) -> str:
    """Return a library's words as a clause of ours."""
    return (text[:1].lower() + text[1:200]).replace('"', "`").rstrip(".")


def _unreadable() -> ForbiddenFault:
    return ForbiddenFault("bad-passkey", "what the browser sent is no answer of a passkey")
