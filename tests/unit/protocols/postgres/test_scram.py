"""SCRAM-SHA-256, against the example of RFC 7677 and against ourselves."""

import base64

import pytest

from assent.core.faults import PeerFault
from assent.core.plugins import Identified
from assent.core.secret import Secret
from assent.protocols.postgres.scram import ScramClient, ScramServer, normalized
from postgres_peers import SALT, VERIFIER, verifier

# RFC 7677, section 3.
RFC_CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO"
RFC_SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
RFC_SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
RFC_SERVER_FIRST = (
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
)
RFC_CLIENT_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
RFC_SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_client_says_what_the_rfc_says() -> None:
    client = ScramClient(Secret("pencil"), RFC_CLIENT_NONCE, "user")
    assert client.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert client.final(RFC_SERVER_FIRST) == RFC_CLIENT_FINAL
    client.verify(RFC_SERVER_FINAL)


def test_the_server_says_what_the_rfc_says() -> None:
    stored = verifier("pencil", RFC_SALT, 4096)
    server = ScramServer(Identified(RFC_SALT, 4096, (stored,)), RFC_SERVER_NONCE)
    assert server.first(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO") == RFC_SERVER_FIRST
    proved = server.final(RFC_CLIENT_FINAL)
    assert proved is not None
    assert proved.final == RFC_SERVER_FINAL


def test_the_proof_finds_its_verifier_among_several() -> None:
    several = (verifier("one"), verifier("two"), VERIFIER, verifier("four"), verifier("five"))
    server = ScramServer(Identified(SALT, 1, several), "server")
    client = ScramClient(Secret("sesame"), "client")
    proved = server.final(client.final(server.first(client.first())))
    assert proved is not None
    assert proved.credential == 2
    client.verify(proved.final)


@pytest.mark.parametrize("known", [(), (VERIFIER,)])
def test_a_wrong_password_fits_nothing(known: tuple[object, ...]) -> None:
    server = ScramServer(Identified(SALT, 1, known), "server")  # type: ignore[arg-type]
    client = ScramClient(Secret("sesam"), "client")
    assert server.final(client.final(server.first(client.first()))) is None


def test_nobody_fits_the_verifiers_that_only_take_time() -> None:
    server = ScramServer(Identified(SALT, 1, ()), "server")
    first = server.first(b"n,,n=,r=client")
    nonce = first.split(b",")[0][2:]
    zeros = base64.b64encode(bytes(32))
    assert server.final(b"c=biws,r=" + nonce + b",p=" + zeros) is None


def test_a_client_that_would_bind_but_saw_no_offer_is_let_in() -> None:
    server = ScramServer(Identified(SALT, 1, (VERIFIER,)), "server")
    server.first(b"y,,n=,r=client")
    with pytest.raises(PeerFault):
        # `biws` is `n,,`: the header must be the one that was sent.
        server.final(b"c=biws,r=clientserver,p=" + base64.b64encode(bytes(32)))


@pytest.mark.parametrize(
    "first",
    [
        b"p=tls-server-end-point,,n=,r=x",
        b"n,,n=",
        b"n,,m=x,n=,r=x",
        b"n,,n=,r=",
        b"",
        b"n,,n=,r=a b",
        b"n,zzz,n=,r=x",
        b"n,,n=,r=" + b"x" * 5000,
    ],
)
def test_a_malformed_first_message_is_a_fault(first: bytes) -> None:
    with pytest.raises(PeerFault):
        ScramServer(Identified(SALT, 1, ()), "server").first(first)


@pytest.mark.parametrize(
    "final",
    [
        b"",
        b"c=biws,r=clientserver",
        b"c=biws,r=other,p=AAAA",
        b"c=biws,r=clientserver,p=AAAA",
        b"c=biws,r=clientserver,p=***",
        b"c=eSws,r=clientserver,p=" + base64.b64encode(bytes(32)),
        b"r=clientserver,c=biws,p=" + base64.b64encode(bytes(32)),
    ],
)
def test_a_malformed_final_message_is_a_fault(final: bytes) -> None:
    server = ScramServer(Identified(SALT, 1, (VERIFIER,)), "server")
    server.first(b"n,,n=,r=client")
    with pytest.raises(PeerFault):
        server.final(final)


@pytest.mark.parametrize(
    "server_first",
    [
        b"r=client,s=AAAA,i=1",
        b"r=other,s=AAAA,i=1",
        b"r=clientx,s=,i=1",
        b"r=clientx,s=AAAA,i=0",
        b"r=clientx,s=AAAA,i=99999999",
        b"r=clientx,s=AAAA,i=x",
        b"r=clientx",
    ],
)
def test_the_client_takes_no_bad_challenge(server_first: bytes) -> None:
    with pytest.raises(PeerFault):
        ScramClient(Secret("x"), "client").final(server_first)


def test_a_target_that_does_not_know_the_password_is_found_out() -> None:
    client = ScramClient(Secret("pencil"), RFC_CLIENT_NONCE, "user")
    client.final(RFC_SERVER_FIRST)
    with pytest.raises(PeerFault):
        client.verify(b"v=" + base64.b64encode(bytes(32)))


def test_a_proof_before_the_challenge_is_never_taken() -> None:
    with pytest.raises(PeerFault):
        ScramClient(Secret("x"), "client").verify(b"v=")


def test_passwords_are_prepared_as_in_rfc_4013() -> None:
    assert normalized("I\u00adX") == b"IX"
    assert normalized("\u00aa") == b"a"
    assert normalized("a\u00a0b") == b"a b"
    # Prohibited: taken as it is.
    assert normalized("\u0007é") == "\u0007é".encode()
