"""A row of the outbox counts only as whoever has the log's key wrote it."""

from dataclasses import replace
from functools import partial
from hashlib import sha256

import pytest

from assent.audit.note import Signer
from assent.audit.rotating_signer import RotatingSigner
from assent.core.secret import Secret
from assent.stores import log
from assent.stores.outbox import PURPOSE, Stamp, Waiting
from conformance.store_builders import SIGNER, entry, unsealed

OLDER = Signer("assent.example/log", Secret(b"o" * 32))
MINE = Stamp(partial(SIGNER.all_derived, PURPOSE))


def waiting(stamp: Stamp) -> Waiting:
    said = entry("ent_0", request="req_1", session="ses_1", text="said")
    (item,) = log.encode_entries([said], unsealed)
    mac = stamp.of(item)
    return Waiting(7, item.entry.id, "req_1", "ses_1", item.leaf, item.payload, mac)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "ent_1"},
        {"request": None},
        {"request": ""},
        {"request": "req_1ses_1", "session": ""},
        {"session": "ses_2"},
        {"leaf": b"{}"},
        {"payload": None},
        {"payload": b""},
        {"mac": bytes(32)},
        {"mac": b""},
    ],
    ids=str,
)
def test_a_row_that_was_changed_does_not_fit(changed: dict[str, object]) -> None:
    row = waiting(MINE)
    assert MINE.fits(row)
    assert not MINE.fits(replace(row, **changed))


def test_the_digest_of_a_payload_does_not_pass_for_the_payload() -> None:
    row = waiting(MINE)
    assert row.payload is not None
    assert not MINE.fits(replace(row, payload=sha256(row.payload).digest()))


def test_a_row_may_change_its_place_because_the_place_is_the_databases() -> None:
    assert MINE.fits(replace(waiting(MINE), position=1))


def test_what_an_earlier_key_wrote_fits_where_that_key_is_known() -> None:
    of_older = waiting(Stamp(partial(OLDER.all_derived, PURPOSE)))
    assert not MINE.fits(of_older)
    signer = RotatingSigner("assent.example/log", Secret(b"o" * 32), Secret(b"s" * 32))
    assert Stamp(partial(signer.all_derived, PURPOSE)).fits(of_older)


def test_while_a_key_is_replaced_rows_are_of_the_next_one_already() -> None:
    signer = RotatingSigner("assent.example/log", Secret(b"o" * 32), None)
    stamp = Stamp(partial(signer.all_derived, PURPOSE))
    before = waiting(stamp)
    signer.begin(Secret(b"s" * 32))
    stamp.renew()
    assert MINE.fits(waiting(stamp))
    assert stamp.fits(before)
    signer.finish()
    stamp.renew()
    assert MINE.fits(waiting(stamp))
    # Here it is good still; who opens the log after this needs no key but the new one.
    assert stamp.fits(before)
    assert not MINE.fits(before)


def test_the_key_is_derived_for_its_purpose_and_is_not_the_logs() -> None:
    key = SIGNER.derived(PURPOSE)
    assert key.reveal() == SIGNER.derived(PURPOSE).reveal()
    assert len(key.reveal()) == 32
    assert key.reveal() not in (SIGNER.derived(b"other").reveal(), b"s" * 32)
