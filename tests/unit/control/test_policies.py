"""The policies in force are replaced by one assignment, and whoever must decide again hears."""

from assent.control.policies import Policies
from builders import POLICIES, policies


def test_listeners_hear_after_the_new_policies_are_in_force() -> None:
    first, second = policies(POLICIES), policies(POLICIES)
    in_force = Policies(first)
    heard = []
    in_force.when_replaced(lambda: heard.append(in_force.current))
    in_force.replace(second)
    assert heard == [second]
