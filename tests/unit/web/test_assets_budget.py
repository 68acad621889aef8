"""What a browser loads at most, from the files themselves: little, and nothing from elsewhere."""

import re

from jinja2 import Environment, PackageLoader

from assent.web.pages import ASSETS

PLAYER = "asciinema-player.min.js"
MOST_SCRIPT = 200_000
MOST_STYLE = 80_000


def test_all_scripts_together_are_small_but_for_the_player() -> None:
    sizes = {path.name: path.stat().st_size for path in ASSETS.rglob("*.js") if path.name != PLAYER}
    assert sum(sizes.values()) < MOST_SCRIPT, sizes


def test_all_styles_together_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in ASSETS.rglob("*.css")}
    assert sum(sizes.values()) < MOST_STYLE, sizes


def test_no_template_holds_scripts_styles_or_addresses_of_others() -> None:
    loader = Environment(loader=PackageLoader("assent.web", "templates"), autoescape=True).loader
    assert loader is not None
    wrong = re.compile(
        r"<script(?![^>]*(?:\bsrc=|application/json))|<style|\sstyle=|\son\w+=\"|(?:src|href)=\"(?:https?:)?//"
    )
    found = []
    for name in loader.list_templates():
        text, _, _ = loader.get_source(Environment(autoescape=True), name)
        found += [(name, one[0]) for one in wrong.finditer(text)]
    assert found == []


def test_the_sheet_and_our_scripts_ask_for_nothing_elsewhere() -> None:
    ours = [*ASSETS.glob("*.js"), *ASSETS.glob("*.css")]
    found = [(path.name, re.findall(r"https?://[^\s\"')]+", path.read_text())) for path in ours]
    # An address in a remark or of a namespace is not asked for.
    known = ("http://www.w3.org/", "https://c2sp.org/", "https://www.rfc-editor.org/")
    assert [(name, one) for name, many in found for one in many if not one.startswith(known)] == []
