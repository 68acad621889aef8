"""What is sealed opens only under its key and in its place; any other bit is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.audit.sealing import (
    NONCE_BYTES,
    about_payload,
    about_segment,
    key_of,
    open_sealed,
    seal,
)
from assent.core.ids import DataKeyId, EntryId, SessionId
from assent.core.secret import Secret

names = st.from_regex(r"dek_[0-9a-v]{1,26}", fullmatch=True).map(DataKeyId)
keys = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
places = st.one_of(
    st.text("abc_", min_size=1).map(lambda text: about_payload(EntryId(text))),
    st.tuples(st.text("abc_", min_size=1), st.integers(0, 2**20)).map(
        lambda place: about_segment(SessionId(place[0]), place[1])
    ),
)


@given(st.binary(max_size=4_096), names, keys, nonces, places)
def test_what_is_sealed_comes_back(
    content: bytes, name: DataKeyId, key: bytes, nonce: bytes, place: bytes
) -> None:
    data = seal(content, name, Secret(key), nonce, place)
    assert key_of(data) == name
    assert open_sealed(data, Secret(key), place) == content


@given(st.binary(min_size=8, max_size=64), names, keys, nonces, places)
def test_nothing_of_it_is_seen_from_outside(
    content: bytes, name: DataKeyId, key: bytes, nonce: bytes, place: bytes
) -> None:
    data = seal(content, name, Secret(key), nonce, place)
    ciphertext = data[2 + len(name) + NONCE_BYTES :]
    assert len(ciphertext) == len(content) + 16
    assert content not in ciphertext


@given(st.binary(max_size=256), names, keys, keys, nonces, places, places)
def test_it_opens_under_its_own_key_and_in_its_own_place_only(
    content: bytes,
    name: DataKeyId,
    key: bytes,
    other: bytes,
    nonce: bytes,
    place: bytes,
    elsewhere: bytes,
) -> None:
    data = seal(content, name, Secret(key), nonce, place)
    if other != key:
        with pytest.raises(ValueError, match="seal is broken"):
            open_sealed(data, Secret(other), place)
    if elsewhere != place:
        with pytest.raises(ValueError, match="seal is broken"):
            open_sealed(data, Secret(key), elsewhere)


@given(st.binary(max_size=64), names, keys, nonces, places, st.data())
def test_any_flipped_bit_is_refused_or_names_another_key(
    content: bytes, name: DataKeyId, key: bytes, nonce: bytes, place: bytes, data: st.DataObject
) -> None:
    sealed = bytearray(seal(content, name, Secret(key), nonce, place))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    changed = bytes(sealed)
    if 2 <= bit // 8 < 2 + len(name):
        # The name says where the key is; another one is another key, or none.
        try:
            assert key_of(changed) != name
        except ValueError:
            return
        return
    with pytest.raises(ValueError, match=r"seal is broken|cut off|not sealed"):
        open_sealed(changed, Secret(key), place)


@given(st.binary(max_size=64), names, keys, nonces, places, st.data())
def test_what_is_cut_off_or_longer_is_refused(
    content: bytes, name: DataKeyId, key: bytes, nonce: bytes, place: bytes, data: st.DataObject
) -> None:
    sealed = seal(content, name, Secret(key), nonce, place)
    short = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for changed in (short, sealed + b"\0"):
        with pytest.raises(ValueError, match=r"seal is broken|cut off|not sealed"):
            open_sealed(changed, Secret(key), place)
