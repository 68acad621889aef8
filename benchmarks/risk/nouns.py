"""The product's nouns for one simulated row: what it would know of the same action."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.device import Device
from assent.core.evidence import Connection
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.network import Network
from assent.core.resource import Resource, Target
from assent.core.subject import Subject, SubjectKind
from benchmarks.risk.attackers import SENSITIVE
from benchmarks.risk.company import RESOURCES
from benchmarks.risk.rows import Row

NOT_SIMULATED = frozenset({"place", "lists", "reports"})
"""What a network's files would say and the simulator does not."""

ENROLLED = ("key-", "workload-")
NOT_ENROLLED = "key-other-"
"""How the simulator names keys; an attacker's own device is bound to no session."""

_OPERATIONS = {"sql.read": Operation.READ, "sql.alter": Operation.ADMINISTER}
_PERSONAL_DATA = frozenset({"pii"})


def targets() -> Mapping[str, Target]:
    """Return the databases of the company by name; what thieves look for first is labelled."""
    found = {}
    for name in dict.fromkeys(database for _, _, database in RESOURCES):
        labels = {
            table.split(".", 1)[1]: _PERSONAL_DATA
            for table, _, database in RESOURCES
            if database == name and table.startswith(SENSITIVE)
        }
        found[name] = Target(
            TargetId(f"tgt_{name}"), name, "postgres", "db.internal", 5432, name, "gateway", "",
            environment="prod", labels=labels,
        )  # fmt: skip
    return found


def target_name(row: Row) -> str:
    """Return the database that the row acts on."""
    return chain(row, "resource")[2]


def action(row: Row) -> Action:
    """Return the statement. A shape, which the simulator has and SQL has not, is its columns."""
    verb = chain(row, "action")[2]
    shape = chain(row, "action")[0].partition("#")[2]
    table = chain(row, "resource")[0].split(".", 1)[1]
    operation = _OPERATIONS.get(verb, Operation.WRITE)
    touch = Touch(verb, operation, Resource("Table", table), frozenset({shape}))
    statement = Statement(verb, (touch,), complete=True)
    target = TargetId(f"tgt_{target_name(row)}")
    return Action(ActionId("act_simulated"), SubjectId(row["subject"]), statement, target)


def subject(row: Row, at: datetime) -> Subject:
    """Return who acts, verified by somebody three months ago."""
    is_agent = row["subject"].startswith("agent")
    return Subject(
        SubjectId(row["subject"]),
        row["subject"],
        kind=SubjectKind.AGENT if is_agent else SubjectKind.HUMAN,
        groups=frozenset(groups(row)),
        on_behalf_of=SubjectId("person-0000") if is_agent else None,
        since=at - timedelta(days=400),
        verified_by="personnel",
        verified_at=at - timedelta(days=90),
    )


def groups(row: Row) -> tuple[str, ...]:
    """Return the one group of the subject."""
    return (row["group"],) if row["group"] else ()


def network(row: Row) -> Network:
    """Return where the row comes from, as far as the simulator tells."""
    address, prefix, system, country = chain(row, "network")
    number = int(system.removeprefix("AS"))
    return Network(address, prefix, number, country=country, unavailable=NOT_SIMULATED)


def device(row: Row, at: datetime) -> Device | None:
    """Return the enrolled device, well kept; None for one that nobody enrolled."""
    key, model, system = chain(row, "device")
    if key.startswith(NOT_ENROLLED):
        return None
    return Device(
        key, row["subject"], model, system, managed=True, reported_at=at, patch_age_days=9,
        disk_encrypted=True, screen_lock=True, firewall=True,
    )  # fmt: skip


def connection(row: Row) -> Connection:
    """Return the door that it came through."""
    return Connection(chain(row, "network")[0], chain(row, "client")[0])


def offset_min(row: Row, at: datetime) -> int:
    """Return how far the person's clock is from UTC: a row says only what hour it is there."""
    local = int(chain(row, "hour")[0].split()[1])
    hours = (local - at.astimezone(UTC).hour + 12) % 24 - 12
    return 60 * hours


def chain(row: Row, name: str) -> list[str]:
    """Return a feature that is a chain, specific to general. Raises ValueError for another."""
    value = row["features"][name]
    if not isinstance(value, list):
        raise ValueError(f"`{name}` of a simulated row is {value!r}; expected a chain")
    return value


def amount(row: Row, name: str) -> int:
    """Return a feature that is a number. Raises ValueError for another."""
    value = row["features"][name]
    if not isinstance(value, (int, float)):
        raise ValueError(f"`{name}` of a simulated row is {value!r}; expected a number")
    return int(value)
