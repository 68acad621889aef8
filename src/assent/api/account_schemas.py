"""People and their accounts: what clients send, and what they get."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from assent.api.bodies import Body, Code, Line, Name, Password
from assent.api.risk_schemas import Instant
from assent.control.local_person import PersonChange
from assent.core.role import Role

Group = Annotated[
    str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]*$")
]


class PersonChangeBody(Body):
    """What is to be different about somebody; null for what stays."""

    display_name: Line | None = None
    email: Line | None = None
    time_zone: Line | None = None
    groups: Annotated[list[Group], Field(max_length=100)] | None = None
    roles: Annotated[list[Role], Field(max_length=10)] | None = None

    @property
    def wanted(self) -> PersonChange:
        """Return it as the use case takes it."""
        return PersonChange(
            self.display_name,
            self.email,
            self.time_zone,
            None if self.groups is None else frozenset(self.groups),
            None if self.roles is None else frozenset(self.roles),
        )


class InviteBody(PersonChangeBody):
    """Somebody who is to come in. name: that they sign in with."""

    name: Name


class WhyBody(Body):
    """Why something is done, for the log."""

    reason: Line = ""


class PasswordBody(Body):
    """Another password. old: what it was; null where you confirmed a moment ago who you are."""

    new: Password
    old: Password | None = None


class CodeBody(Body):
    """A code of an app."""

    code: Code


class PersonDetailsOut(BaseModel):
    """Somebody. roles: with those that groups give. source: who says all this of them:
    `configuration`, `local` (an administrator, here), `scim` or `oidc:` and a name. suspended:
    an administrator stopped them here, whatever that source says; they are disabled, too.
    """

    name: str
    display_name: str
    kind: str
    groups: list[str]
    roles: list[str]
    source: str
    email: str
    time_zone: str
    disabled: bool
    suspended: bool


class PeopleOut(BaseModel):
    """Everybody, by name."""

    items: list[PersonDetailsOut]


class InvitedOut(BaseModel):
    """Somebody and the link that lets them in, once; it is shown this once."""

    person: PersonDetailsOut
    link: str


class SignInOut(BaseModel):
    """Where somebody is signed in. kind: `browser` or `command-line`. this: the one that asks."""

    id: str
    kind: str
    name: str
    method: str
    address: str
    user_agent: str
    since: Instant
    expires_at: Instant
    seen_at: Instant | None
    proved_at: Instant | None
    this: bool


class AccountOut(BaseModel):
    """Your account. permissions: what is open to you. falls_short: whether more than a password
    is asked of you first.
    """

    person: PersonDetailsOut
    permissions: list[str]
    has_password: bool
    may_set_password: bool
    totp: bool
    recovery_codes_left: int
    falls_short: bool
    sign_ins: list[SignInOut]


class EndedOut(BaseModel):
    """How many sign-ins ended."""

    ended: int


class GeneratorOut(BaseModel):
    """The secret of a new app for codes, shown this once; its first code confirms it."""

    secret: str
    uri: str


class RecoveryCodesOut(BaseModel):
    """Recovery codes, shown this once; each is good once."""

    codes: list[str]
