"""What can be acted on. A Target is a resource that can be dialled."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assent.core.ids import TargetId


@dataclass(frozen=True, slots=True)
class Resource:
    """Anything that a policy can name: `Table` `public.orders`, `Function` `now`, …

    kind: the Cedar entity type without namespace. name: unique below its target.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """A resource that can be dialled, as the operator described it.

    labels: resource name (`public.customers`, `public.customers.email`) → its labels.
    owners: group names. resource_owners: resource name → the groups that own it, where these
    are others than the target's. tls: `disable`, `prefer`, `require` or `verify`.
    credential: a reference (`file:…`, `env:…`), never a value.
    search_path: schemas in which an unqualified name is looked up, first one first.
    databases: further ones of the same server that a client may name, none by default; what
    is in them is named `database.schema.table`, in labels and policies too. estimate: which
    statements its planner is asked about before they run: `all`, `writes` or `off`.
    count_exactly: what a change in a transaction would hit may be counted before it runs.
    without_catalogue: names are taken as they are written, and nothing is looked through.
    longest_grant_s: no grant on it lasts longer, None for no ceiling of its own. retired: it
    was taken away; the log still names it, and nobody reaches it. applied: it was put in force by
    `assent apply`, and what the configuration says of that name does not count any more.
    options: what only targets of its protocol say, such as the URL of a web application.
    databases and database are the accounts of a server that speaks SSH.
    """

    id: TargetId
    name: str
    protocol: str
    host: str
    port: int
    database: str
    user: str
    credential: str
    environment: str = "dev"
    tls: str = "prefer"
    certificate_authority: str = ""
    owners: frozenset[str] = frozenset()
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ("public",)
    databases: tuple[str, ...] = ()
    estimate: str = "all"
    count_exactly: bool = False
    without_catalogue: bool = False
    resource_owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    retired: bool = False
    longest_grant_s: int | None = None
    applied: bool = False
    options: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def offers(self, database: str) -> bool:
        """Return whether a session may be opened on that database of the target's server."""
        return database == self.database or database in self.databases
