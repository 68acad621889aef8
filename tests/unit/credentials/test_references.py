"""References to secrets: read where they point, and never shown."""

from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.credentials.references import References, reveal_reference


def test_a_file_is_read_from_the_folder_without_its_last_line_break(tmp_path: Path) -> None:
    for content in (b"s3cret", b"s3cret\n", b"s3cret\r\n"):
        (tmp_path / "secret").write_bytes(content)
        assert reveal_reference("file:secret", tmp_path).reveal() == "s3cret"
        assert reveal_reference(f"file:{tmp_path}/secret", Path("/")).reveal() == "s3cret"


def test_a_variable_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret\n")
    assert reveal_reference("env:SHOP_PASSWORD", tmp_path).reveal() == "s3cret\n"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("s3cret", "is not a reference; write `file:PATH` or `env:NAME`"),
        ("", "is not a reference"),
        ("file:", "is not a reference"),
        ("env:", "is not a reference"),
        ("vault:x", "is not a reference"),
        ("env:NO_SUCH_VARIABLE_HERE", "set the environment variable"),
        ("file:missing", "cannot be read"),
        ("file:.", "cannot be read"),
        ("file:large", "is larger than 64 KiB"),
        ("file:binary", "is not UTF-8 text"),
    ],
)
def test_a_reference_that_does_not_fit_says_what_to_do(
    tmp_path: Path, reference: str, words: str
) -> None:
    (tmp_path / "large").write_bytes(b"x" * (64 * 1024 + 1))
    (tmp_path / "binary").write_bytes(b"hidden\xff")
    with pytest.raises(OperatorFault, match=words) as caught:
        reveal_reference(reference, tmp_path)
    assert "hidden" not in repr(caught.value.__cause__)


async def test_what_the_vault_has_is_asked_of_it(tmp_path: Path) -> None:
    class Vault:
        async def secret(self, place: str) -> Secret[str]:
            return Secret(f"what is at {place}")

    (tmp_path / "secret").write_text("s3cret")
    references = References(tmp_path, Vault())
    assert (await references.reveal("file:secret")).reveal() == "s3cret"
    found = await references.reveal("vault:secret/data/shop#password")
    assert found.reveal() == "what is at secret/data/shop#password"


async def test_without_a_vault_a_reference_to_it_says_what_to_configure(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match=r"`\[vault\]`"):
        await References(tmp_path).reveal("vault:secret/data/shop#password")
