"""`assent config check`."""

from pathlib import Path

from cyclopts import App

from assent.cli import output
from assent.cli.output import AsJson
from assent.cli.serve import ConfigFile

app = App(name="config", help="Check a configuration.")


@app.command
def check(*, config: ConfigFile = Path("assent.toml"), as_json: AsJson = False) -> None:
    """Load a configuration as `assent serve` would, and say what is in it."""
    from assent.config import load

    loaded = load(config)
    people, targets = len(loaded.people), len(loaded.targets)
    if as_json:
        output.show_json({"good": True, "people": people, "targets": targets})
    else:
        output.say(f"good: {config} has {people} people and {targets} targets")
