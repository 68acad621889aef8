"""Ed25519 keys of small order: under such a key one signature fits every message."""

# Points of small order, without their sign.
_WEAK = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


def check_point(raw: bytes) -> None:
    """Check that this is a key that can sign. Raises ValueError."""
    if raw[:-1] + bytes([raw[-1] & 0x7F]) in _WEAK:
        raise ValueError("the public key is one under which everything would be signed")
