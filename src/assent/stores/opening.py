"""Stored payloads, opened for those who read them in here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assent.audit.entry import decode_payload
from assent.audit.sealing import about_payload, key_of, open_sealed
from assent.core.canonical import canonical_bytes
from assent.core.faults import OutsideFault
from assent.core.ids import DataKeyId, EntryId
from assent.core.ports import StoredEntry
from assent.core.secret import Secret
from assent.stores.keyring import Keyring

_Keys = Mapping[DataKeyId, Secret[bytes] | None]


async def opened(found: Sequence[StoredEntry], keyring: Keyring) -> Sequence[StoredEntry]:
    """Return the entries with their content; None where its key was destroyed.

    Raises OutsideFault where a key cannot be had now, or a payload is not what was sealed.
    """
    try:
        named = [key_of(each.payload) for each in found if each.payload is not None]
        keys = {key: await keyring.open(key) for key in set(named) if key is not None}
        return [_opened(each, keys) for each in found]
    except ValueError as cause:
        raise OutsideFault(
            "payload-unreadable", "a payload of the log is not what was sealed; verify the log"
        ) from cause


def _opened(stored: StoredEntry, keys: _Keys) -> StoredEntry:
    if stored.payload is None:
        return stored
    name = key_of(stored.payload)
    if name is None:
        return replace(stored, content=canonical_bytes(decode_payload(stored.payload)))
    key = keys[name]
    if key is None:
        return stored
    entry = EntryId(json.loads(stored.leaf)["id"])
    return replace(stored, content=open_sealed(stored.payload, key, about_payload(entry)))
