"""Policies in the making: drafts, and those of them that decide in the shadow."""

from dataclasses import dataclass

from assent.control.configuring import Configuring
from assent.control.decided import Decided
from assent.control.policies import Policies
from assent.control.policy_drafts import PolicyDrafts, Workbench
from assent.control.policy_shadows import PolicyShadows
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.ports import Store


@dataclass(frozen=True, slots=True)
class Drafting:
    """The use cases of it."""

    drafts: PolicyDrafts
    shadows: PolicyShadows


def drafting(
    *,
    store: Store,
    configuring: Configuring,
    policies: Policies,
    workbench: Workbench,
    clock: Clock,
    ids: Ids,
) -> Drafting:
    """Return them."""
    drafts = PolicyDrafts(
        store=store,
        configuring=configuring,
        policies=policies,
        decided=Decided(store=store, clock=clock, ids=ids),
        workbench=workbench,
        clock=clock,
        ids=ids,
    )
    shadows = PolicyShadows(
        store=store, drafts=drafts, policies=policies, workbench=workbench, clock=clock
    )
    return Drafting(drafts, shadows)
