"""What is known of the log beyond this server: receipts, who outside saw it, its keys, exports."""

from dataclasses import dataclass

from assent.control.audit import Audit
from assent.control.audit_actions import AuditActions
from assent.control.bundles import Bundles
from assent.control.directory import Directory
from assent.control.explain import Explain
from assent.control.exporting import Exporting
from assent.control.health import Health
from assent.control.key_rotation import KeyRotation, LogKeys
from assent.control.log_status import LogStatus
from assent.control.receipts import Receipts
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.ports import Store


@dataclass(frozen=True, slots=True)
class Custody:
    """The use cases of it."""

    receipts: Receipts
    status: LogStatus
    rotation: KeyRotation
    exporting: Exporting
    bundles: Bundles


def custody(
    *,
    store: Store,
    explain: Explain,
    actions: AuditActions,
    health: Health,
    audit: Audit,
    directory: Directory,
    keys: LogKeys | None,
    clock: Clock,
    ids: Ids,
) -> Custody:
    """Return them, made known to what says how the server is, and to what makes exports."""
    rotation = KeyRotation(store=store, actions=actions, keys=keys, clock=clock, ids=ids)

    def renew(public: object = None) -> None:
        if rotation.public:
            audit.verifier_key = "\n".join(rotation.public)

    renew()
    rotation.when_rotated(renew)
    return Custody(
        receipts=Receipts(store=store, explain=explain, clock=clock, ids=ids),
        status=LogStatus(store=store, health=health, keys=lambda: rotation.public, clock=clock),
        rotation=rotation,
        exporting=Exporting(store),
        bundles=Bundles(store=store, audit=audit, directory=directory, clock=clock, ids=ids),
    )
