"""Which policies count at the start: those that somebody applied, or else those of the folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assent.control.administration import happened
from assent.control.configuring import Configuring
from assent.control.policies import Policies
from assent.control.wanting import ReadPolicies
from assent.core.canonical import Json
from assent.core.changes import PutPolicyRevision
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import OperatorFault
from assent.core.ids import Ids
from assent.core.policy_revision import PolicyRevision
from assent.core.ports import Store
from assent.policy import PolicySet, revision_of

ReadFolder = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class InForce:
    """The policies that a start begins with.

    sources: their files. applied: somebody applied them, and the folder does not count. ignored:
    what was applied and does not count, because the operator said so; empty for nothing. warning:
    for the operator, empty for none.
    """

    policies: PolicySet
    sources: Mapping[str, str]
    applied: bool
    ignored: str = ""
    warning: str = ""


async def at_start(
    store: Store,
    read_folder: ReadFolder,
    read_policies: ReadPolicies,
    groups: frozenset[str],
    *,
    unsafe_from_folder: bool,
) -> InForce:
    """Return the policies to begin with. Raises OperatorFault where they do not load.

    groups: all that there are, to find misspelt ones in the folder.
    """
    applied = await store.applied_policies()
    if applied is None or unsafe_from_folder:
        sources = read_folder()
        policies = read_policies(sources, groups)
        return InForce(policies, sources, False, applied.revision if applied else "")
    try:
        # Its groups were looked at when it was applied; people may have left them since.
        policies = read_policies(applied.sources, None)
    except OperatorFault as fault:
        words = (
            f"the policies {applied.revision} that were applied do not load any more "
            f"({fault.detail}); `--unsafe-policies-from-folder` begins with the folder's instead"
        )
        raise OperatorFault("applied-policies", words) from fault
    return InForce(policies, applied.sources, True, warning=_differs(applied, read_folder))


def _differs(applied: PolicyRevision, read_folder: ReadFolder) -> str:
    """Return what to tell an operator whose folder is not what is in force."""
    try:
        revision = revision_of(read_folder())
    except OperatorFault as fault:
        return f"policies {applied.revision} are in force, as applied; the folder {fault.detail}"
    if revision == applied.revision:
        return ""
    return (
        f"policies {applied.revision} are in force, as applied; the folder holds {revision}, "
        "which does not count: `assent apply` changes them"
    )


class Reloading:
    """Puts the folder's policies in force again, where the folder counts."""

    def __init__(
        self,
        *,
        begun: InForce,
        policies: Policies,
        configuring: Configuring,
        store: Store,
        read_folder: ReadFolder,
        read_policies: ReadPolicies,
        groups: frozenset[str],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._begun = begun
        self._policies = policies
        self._configuring = configuring
        self._store = store
        self._read_folder = read_folder
        self._read_policies = read_policies
        self._groups = groups
        self._clock = clock
        self._ids = ids

    async def reload(self) -> str:
        """Return the revision in force afterwards. Raises OperatorFault, and changes nothing then.

        Policies that were applied are not changed by a folder, which nobody assented to.
        """
        async with self._configuring.changing:
            return await self._reload()

    async def _reload(self) -> str:
        applied = await self._store.applied_policies()
        if applied is not None and applied.revision != self._begun.ignored:
            words = _differs(applied, self._read_folder)
            if words:
                raise OperatorFault("policies-applied", words)
            return self._policies.current.revision
        sources = self._read_folder()
        policies = self._read_policies(sources, self._groups)
        before = self._policies.current.revision
        if policies.revision != before:
            now = self._clock.now()
            kept = PutPolicyRevision(PolicyRevision(policies.revision, sources, now))
            facts: dict[str, Json] = {
                "before": before,
                "after": policies.revision,
                "policy_revision": policies.revision,
            }
            said: dict[str, Json] = {"policies": dict(sources)}
            entry = happened(self._ids, EntryKind.POLICY_CHANGED, self._clock, facts, said)
            await self._store.commit((kept,), (entry,))
            self._configuring.reloaded(sources)
            self._policies.replace(policies)
        return policies.revision
