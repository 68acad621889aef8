"""`assent tools`: the tools of a server for agents, and whether they may be called."""

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.output import AsJson

_SHOWN = len("sha256:") + 12


def tools(target: str, /, *, as_json: AsJson = False) -> None:
    """List the tools of a target for agents; only one that was assented to is ever called.

    A tool is its whole definition. One whose server says something else of it than it did is new:
    it is not listed to agents until the request that is shown here was answered.

    Parameters
    ----------
    target
        The name of the target; you must own it, or oversee.
    """
    answer = signed_in().get(f"/v1/targets/{segment(target)}/tools")
    if as_json:
        output.show_json(answer)
        return
    output.table(
        ("tool", "state", "may be called", "now", "request"),
        [
            (
                item["name"],
                item["state"],
                item["digest"][:_SHOWN],
                item["waiting_digest"][:_SHOWN],
                item["request"] or "",
            )
            for item in answer["items"]
        ],
        f"no agent has looked at the tools of {target} yet",
    )
