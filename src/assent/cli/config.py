"""`assent config check`."""

from pathlib import Path

from cyclopts import App

from assent.cli import output
from assent.cli.output import AsJson
from assent.cli.serve import ConfigFile

app = App(name="config", help="Check a configuration.")


@app.command
def check(*, config: ConfigFile = Path("assent.toml"), as_json: AsJson = False) -> None:
    """Check a configuration as `assent serve` would: the file, its secrets and its policies."""
    from assent.app import check as check_config
    from assent.config import load

    loaded = load(config)
    policies = check_config(loaded)
    people, targets, rules = len(loaded.people), len(loaded.targets), len(policies.rules)
    if as_json:
        output.show_json(
            {
                "good": True,
                "people": people,
                "targets": targets,
                "policies": rules,
                "policy_revision": policies.revision,
            }
        )
    else:
        output.say(f"good: {config} has {people} people, {targets} targets and {rules} policies")
