"""What clients send to sign command lines in, and to make tokens, service accounts and agents."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from assent.api.bodies import Body, Name, Password
from assent.core.role import Permission

TokenName = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")
]
WorkloadName = Annotated[
    str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9._-]*$")
]
Task = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Groups = Annotated[list[Name], Field(max_length=100)]
LastsFor = Annotated[int, Field(ge=60, le=365 * 24 * 3600, strict=True)]


class CodeBody(Body):
    """The code that a browser brought, and the verifier of its challenge (RFC 7636)."""

    code: Annotated[SecretStr, Field(min_length=1, max_length=128)]
    verifier: Password


class TokenBody(Body):
    """A token for a program. permissions: what it is good for. lasts_s: how long."""

    name: TokenName
    permissions: Annotated[
        list[Permission],
        Field(min_length=1, max_length=len(Permission), default_factory=lambda: [Permission.ASK]),
    ]
    lasts_s: LastsFor = 30 * 24 * 3600

    def lasts_for(self) -> timedelta:
        """Return how long it is good for."""
        return timedelta(seconds=self.lasts_s)


class AgentBody(Body):
    """A new agent. task: what it is for. person: for whom it acts, by default you.

    groups: of those that the person is in; by default all that give no role.
    """

    name: WorkloadName
    task: Task
    person: Name | None = None
    groups: Groups | None = None


class ServiceAccountBody(Body):
    """A new service account. task: what it is for. owner: who answers for it, by default you."""

    name: WorkloadName
    task: Task
    owner: Name | None = None
    groups: Groups = Field(default_factory=list)
