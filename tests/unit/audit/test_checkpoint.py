import pytest

from assent.audit.checkpoint import CheckpointBody, format_checkpoint, parse_checkpoint
from assent.audit.tree import EMPTY_ROOT

ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_a_checkpoint_is_three_lines() -> None:
    text = format_checkpoint("gateway.example/audit", 0, EMPTY_ROOT)
    assert text == f"gateway.example/audit\n0\n{ROOT}\n"
    assert parse_checkpoint(text) == CheckpointBody("gateway.example/audit", 0, EMPTY_ROOT)


def test_further_lines_are_kept_as_extensions() -> None:
    assert parse_checkpoint(f"o\n1\n{ROOT}\nmore\n").extensions == ("more",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"o\n1\n{ROOT}",
        "o\n1\n",
        f"\n1\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n٣\n{ROOT}\n",
        f"o\n9223372036854775808\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        "o\n1\nAAAA\n",
        f"o\n1\n{ROOT[:-2]}V=\n",
        f"o\n1\n{ROOT[:-2]}ä=\n",
        f"o\n1\n{ROOT}\n\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, EMPTY_ROOT), ("a\nb", 1, EMPTY_ROOT), ("o", -1, EMPTY_ROOT), ("o", 1, b"short")],
)
def test_what_cannot_be_read_back_is_not_written(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match=r"origin|root"):
        format_checkpoint(origin, size, root)
