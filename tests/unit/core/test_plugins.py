"""What passes between gateway and relay shows no secret when it is written down."""

from assent.core.plugins import Cancel, Connected
from assent.core.secret import Secret
from assent.core.session import Epoch


def test_neither_passwords_nor_cancel_keys_are_shown() -> None:
    connected = Connected(
        "assent", Secret("s3cret"), "shop", "prefer", ("public",), 1, b"key!", Epoch()
    )
    for text in (repr(connected), repr(Cancel(1, b"key!"))):
        assert "s3cret" not in text
        assert "key!" not in text
