"""The address of the store is a reference: there is a password in it."""

from config_builders import parsed, refused


def test_the_store_is_in_the_data_folder_unless_an_address_is_named() -> None:
    assert parsed({}).store.address == ""
    assert parsed({"store": {"address": "env:STORE"}}).store.address == "env:STORE"


def test_an_address_that_is_no_reference_is_refused_without_its_text() -> None:
    said = refused({"store": {"address": "postgresql://assent:hunter2@db.example/assent"}})
    assert "reference" in said
    assert "hunter2" not in said
