"""Tables in pages come from measurements, whichever way they lie."""

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = "<!-- figures-across: some auc_{} auc_{}_other -->\nold\n<!-- /figures-across -->"


def filled(text: str, folder: Path, **values: float) -> str:
    """Return the page with these figures of the suite `some` measured."""
    if values:
        figures = [{"name": name, "value": value, "unit": ""} for name, value in values.items()]
        (folder / "some.json").write_text(json.dumps({"figures": figures}), encoding="utf-8")
    tool = runpy.run_path(str(ROOT / "tools" / "write_figures.py"))
    return str(tool["filled"](text, folder))


def test_a_table_across_has_a_line_for_each_word_that_has_all_columns(tmp_path: Path) -> None:
    values = {"auc_vpn": 0.98765, "auc_vpn_other": 0.5, "auc_alone": 1.0, "auc_": 0.0}
    text = filled(PLACE, tmp_path, **values)
    assert text.splitlines()[1:-1] == [
        "|  | `auc_…` | `auc_…_other` |",
        "|---|---|---|",
        "| vpn | 0.988 | 0.5 |",
    ]
    assert filled(text, tmp_path) == text


def test_a_table_across_that_nothing_was_measured_for_says_so(tmp_path: Path) -> None:
    assert "Not measured yet: `make bench ONLY=some`" in filled(PLACE, tmp_path)
    assert "Not measured yet" in filled(PLACE, tmp_path, auc_alone=1.0)
