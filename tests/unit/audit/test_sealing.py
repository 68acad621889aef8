"""What is sealed names its key, opens under it in its place, and nowhere else."""

import pytest

from assent.audit.sealing import (
    about_payload,
    about_segment,
    key_of,
    open_sealed,
    seal,
)
from assent.core.ids import DataKeyId, EntryId, SessionId
from assent.core.secret import Secret

NAME = DataKeyId("dek_00000000000000000000000001")
KEY = Secret(b"k" * 32)
NONCE = b"n" * 12
ABOUT = about_payload(EntryId("ent_1"))


def test_what_is_sealed_has_the_form_of_the_specification() -> None:
    data = seal(b'{"text":"select 1"}', NAME, KEY, NONCE, ABOUT)
    assert data[:2] == b"\x01" + bytes([30])
    assert data[2:32] == NAME.encode()
    assert data[32:44] == NONCE
    assert len(data) == 44 + len(b'{"text":"select 1"}') + 16
    assert key_of(data) == NAME
    assert open_sealed(data, KEY, ABOUT) == b'{"text":"select 1"}'


def test_it_opens_in_its_own_place_only() -> None:
    data = seal(b"{}", NAME, KEY, NONCE, ABOUT)
    segment = about_segment(SessionId("ses_1"), 3)
    assert segment == b"assent segment v1\nses_1/3"
    for other in (about_payload(EntryId("ent_2")), segment, b""):
        with pytest.raises(ValueError, match="seal is broken"):
            open_sealed(data, KEY, other)
    with pytest.raises(ValueError, match="seal is broken"):
        open_sealed(data, Secret(b"o" * 32), ABOUT)


def test_an_older_payload_names_no_key_and_cannot_be_opened() -> None:
    assert key_of(b'{"content":{},"salt":"s"}') is None
    assert key_of(b"") is None
    with pytest.raises(ValueError, match="not sealed"):
        open_sealed(b'{"content":{},"salt":"s"}', KEY, ABOUT)


@pytest.mark.parametrize("size", [1, 2, 20, 59])
def test_what_is_cut_off_is_refused(size: int) -> None:
    data = seal(b"", NAME, KEY, NONCE, ABOUT)[:size]
    with pytest.raises(ValueError, match="cut off"):
        key_of(data)
    with pytest.raises(ValueError, match="cut off"):
        open_sealed(data, KEY, ABOUT)


def test_a_key_without_a_name_seals_nothing() -> None:
    with pytest.raises(ValueError, match="255 characters"):
        seal(b"", DataKeyId(""), KEY, NONCE, ABOUT)
    with pytest.raises(ValueError, match="12 bytes"):
        seal(b"", NAME, KEY, b"short", ABOUT)
