"""Where the store is, and what is wrong with an address, without saying it."""

from pathlib import Path

import pytest

from assent.config import Config, parse
from assent.core.faults import OperatorFault
from assent.edges import stores
from assent.edges.checking import check
from assent.stores.database import FILE_NAME


def configured(folder: Path, url: str) -> Config:
    (folder / "policies").mkdir()
    (folder / "url").write_text(url + "\n", encoding="utf-8")
    return parse({"store": {"address": "file:url"}}, "assent.toml", folder)


def test_without_an_address_it_is_the_data_folder(tmp_path: Path) -> None:
    config = parse({}, "assent.toml", tmp_path)
    data = tmp_path / "data"
    assert stores.place_of_store(config, data) == data
    assert stores.is_new(config)
    data.mkdir()
    (data / FILE_NAME).touch()
    assert not stores.is_new(config)


def test_an_address_is_read_where_the_reference_points(tmp_path: Path) -> None:
    url = "postgresql://assent:secret@db.example/assent?sslmode=verify-full"
    config = configured(tmp_path, url)
    assert stores.place_of_store(config, tmp_path / "data") == url
    # Only the database knows.
    assert not stores.is_new(config)
    check(config)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:////tmp/hunter2.db", "must begin with"),
        ("mysql://assent:hunter2@db.example/assent", "must begin with"),
        ("hunter2", "must begin with"),
        ("postgresql://assent:hunter2@db.example", "must name a database"),
        ("postgresql://assent:hunter2@db.example:port/assent", "not a URL"),
    ],
)
def test_an_address_that_is_none_is_refused_before_the_start(
    tmp_path: Path, url: str, why: str
) -> None:
    with pytest.raises(OperatorFault, match=why) as caught:
        check(configured(tmp_path, url))
    assert "hunter2" not in str(caught.value)


def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    config = parse({"store": {"address": "file:none"}}, "assent.toml", tmp_path)
    with pytest.raises(OperatorFault, match="cannot be read"):
        check(config)
