"""Master keys give back what they wrapped, for the same id, and say when it is not theirs."""

import base64
from dataclasses import dataclass, field

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey, TransitMasterKey
from conformance.store_builders import CountedIds

KEY = Secret(b"d" * 32)


def a_file(byte: bytes = b"m") -> FileMasterKey:
    return FileMasterKey(Secret(byte * 32), CountedIds())


async def test_a_file_gives_back_what_it_wrapped() -> None:
    master = a_file()
    wrapped = await master.wrap(KEY, "dek_1")
    assert KEY.reveal() not in wrapped
    assert (await master.unwrap(wrapped, "dek_1")).reveal() == KEY.reveal()
    assert (await a_file().unwrap(wrapped, "dek_1")).reveal() == KEY.reveal()


async def test_another_key_another_id_and_other_bytes_are_refused() -> None:
    wrapped = await a_file().wrap(KEY, "dek_1")
    for master, data, about in (
        (a_file(b"o"), wrapped, "dek_1"),
        (a_file(), wrapped, "dek_2"),
        (a_file(), wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "dek_1"),
        (a_file(), b"", "dek_1"),
    ):
        with pytest.raises(OperatorFault, match="not wrapped by this master key"):
            await master.unwrap(data, about)


def test_two_files_have_two_names_that_do_not_show_the_key() -> None:
    assert a_file().name == a_file().name != a_file(b"o").name
    assert a_file().name.startswith("file:")
    assert b"m".hex() * 8 not in a_file().name


@dataclass
class Engine:
    """A transit engine that hides nothing."""

    asked: list[tuple[str, bytes]] = field(default_factory=list)

    async def encrypt(self, place: str, plain: Secret[bytes], context: bytes) -> str:
        self.asked.append((place, context))
        return "vault:v1:" + base64.b64encode(plain.reveal()).decode()

    async def decrypt(self, place: str, sealed: str, context: bytes) -> Secret[bytes]:
        self.asked.append((place, context))
        return Secret(base64.b64decode(sealed.removeprefix("vault:v1:")))


async def test_vault_is_asked_with_the_id_as_context() -> None:
    engine = Engine()
    master = TransitMasterKey(engine, "transit/assent")
    wrapped = await master.wrap(KEY, "dek_1")
    assert (await master.unwrap(wrapped, "dek_1")).reveal() == KEY.reveal()
    assert engine.asked == [("transit/assent", b"assent data key v1\ndek_1")] * 2
    assert master.name == "vault-transit:transit/assent"


async def test_what_vault_cannot_have_written_is_refused() -> None:
    master = TransitMasterKey(Engine(), "transit/assent")
    with pytest.raises(OperatorFault):
        await master.unwrap(b"\xff\xfe", "dek_1")
    with pytest.raises(OutsideFault, match="no key"):
        await master.unwrap(b"vault:v1:" + base64.b64encode(b"short"), "dek_1")
