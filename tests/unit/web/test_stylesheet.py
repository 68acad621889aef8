"""The colours can be told apart: WCAG 2.2, success criteria 1.4.3 and 1.4.11."""

import re

import pytest

from assent.web.pages import ASSETS

SHEET = (ASSETS / "assent.css").read_text()
TEXT_PAIRS = [
    (text, ground)
    for ground in ("ground", "card", "well")
    for text in ("ink", "soft", "accent", "danger", "good", "warn")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("danger", "danger-ground"),
    ("good", "good-ground"),
    ("warn", "warn-ground"),
    ("code-word", "well"),
    ("code-text", "well"),
    ("code-number", "well"),
    ("code-remark", "well"),
]
SHAPE_PAIRS = [(f"shade-{number}", "card") for number in range(6)] + [
    ("focus", "card"),
    ("focus", "ground"),
    ("soft", "card"),
]


def tokens(scheme: str) -> dict[str, str]:
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", SHEET)
    return {name: light if scheme == "light" else dark for name, light, dark in pairs}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_shapes_can_be_seen_on_their_ground(scheme: str, shape: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[shape], colours[ground]) >= 3
