"""What clients send: bounded, and with no key that we do not know."""

from datetime import UTC, timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
)

from assent.control.device_proofs import Possession
from assent.core.faults import ConflictFault
from assent.core.ids import DeviceKeyId
from assent.core.request import RejectedAs
from assent.core.scope import UNLIMITED, Budget, Scope
from assent.policy.sizes import parse_budget
from assent.workflow.wishes import Wish, window_of

# PostgreSQL cannot store U+0000, and a line has no control characters in it.
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")
]
# Four parts of 63 bytes, each perhaps in quotes that are doubled.
LabelledName = Annotated[
    str, StringConstraints(min_length=1, max_length=520, pattern=r"^[^\x00]*$")
]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Prose = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Because = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


def _is_text(password: SecretStr) -> SecretStr:
    """Refuse half of a surrogate pair, which JSON can say and UTF-8 cannot."""
    try:
        password.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("it should be a valid string") from None
    return password


Password = Annotated[SecretStr, Field(min_length=1, max_length=1024), AfterValidator(_is_text)]
_BASE64 = r"^[A-Za-z0-9+/]+={0,2}$"
_TEXT = r"^[A-Za-z0-9_-]+$"
Code = Annotated[SecretStr, Field(min_length=1, max_length=64), AfterValidator(_is_text)]
Seconds = Annotated[int, Field(ge=1, le=30 * 24 * 3600, strict=True)]


class Body(BaseModel):
    """What a client sends. A key that we do not know is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class LoginBody(Body):
    """Who signs in. code: of their app, or a recovery code, where `second-factor-needed` asked."""

    name: Name
    password: Password
    code: Code | None = None


class StepUpBody(Body):
    """A fresh proof of who is signed in. code: as at the sign-in."""

    password: Password
    code: Code | None = None


class AskBody(Body):
    """A wish for access. for_s: seconds that it shall last; the policy's default if null.

    verbs, tables: what it shall cover, such as `sql.read` and `public.orders` or `sales.*`; empty
    for all. read_only: nothing but reads. budget: how much, such as `writes 5, rows 1000`.
    starts: when its clock does. window: hours in which alone it counts, such as
    `mon-fri 22:00-06:00 Europe/Berlin`. until: when it is over at the latest.
    """

    target: Name
    for_s: Seconds | None = None
    reason: Prose = ""
    ticket: Line = ""
    verbs: Annotated[list[Line], Field(max_length=200)] = []
    tables: Annotated[list[LabelledName], Field(max_length=200)] = []
    read_only: bool = False
    budget: Line = ""
    starts: Literal["approval", "first-use"] = "approval"
    window: Line = ""
    until: AwareDatetime | None = None

    @property
    def lasts_for(self) -> timedelta | None:
        """Return how long the access shall last, None for what the policy says."""
        return None if self.for_s is None else timedelta(seconds=self.for_s)

    @property
    def wish(self) -> Wish:
        """Return what else the access shall be. Raises ConflictFault for what cannot be read."""
        return Wish(
            scope=Scope(frozenset(self.verbs), frozenset(self.tables), self.read_only),
            budget=_budget(self.budget),
            first_use=self.starts == "first-use",
            window=window_of(self.window) if self.window else None,
            until=self.until.astimezone(UTC) if self.until else None,
        )


def _budget(text: str) -> Budget:
    try:
        return parse_budget(text) if text.strip() else UNLIMITED
    except ValueError as error:
        raise ConflictFault("terms", str(error)) from None


class ExtendBody(Body):
    """A wish for more of the access that one has. what: a target, or the id of a grant.

    Empty where there is access to one target alone. for_s: counted from when it is given.
    """

    what: Line = ""
    for_s: Seconds | None = None
    reason: Prose = ""
    ticket: Line = ""

    @property
    def lasts_for(self) -> timedelta | None:
        """Return how long it shall last, None for what the policy says."""
        return None if self.for_s is None else timedelta(seconds=self.for_s)


class GiveBackBody(Body):
    """Which of one's own grants are over: the one of this id, or all on the target."""

    what: Annotated[Line, Field(min_length=1)]
    because: Prose = ""


class PossessionBody(Body):
    """Proof that this comes from a device: its signature over the challenge and what is asked.

    key: the device's id. certificate_key: a public key to certify for the wire, base64 of its
    DER, null for none.
    """

    key: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
    challenge: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_TEXT)]
    signature: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_BASE64)]
    certificate_key: (
        Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=_BASE64)] | None
    ) = None

    @property
    def possession(self) -> Possession:
        """Return what proves it."""
        key = DeviceKeyId(self.key)
        return Possession(key, self.challenge, self.signature, self.certificate_key or "")


class VouchBody(Body):
    """A device's signature over a challenge and the sign-in that it vouches for."""

    challenge: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_TEXT)]
    signature: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_BASE64)]


class ConnectBody(AskBody):
    """A wish for access and a password to use it. connections: how many it opens.

    device: proof that a device of yours asks, null where none does.
    """

    connections: Annotated[int, Field(ge=1, le=256, strict=True)] = 1
    device: PossessionBody | None = None


class AnswerBody(Body):
    """An approver's words with an answer."""

    comment: Prose = ""


class RejectBody(AnswerBody):
    """Why not: it is not needed now, or it may not be them; null where you do not say."""

    rejected_as: RejectedAs | None = None


class ReasonBody(Body):
    """What the requester adds to a request that waits."""

    reason: Prose = ""
    ticket: Line = ""


class BecauseBody(Body):
    """Why something is ended."""

    because: Because


class ScanBody(Body):
    """A scan for labels. sample: how many values of each column are looked at."""

    sample: Annotated[int, Field(ge=5, le=10_000, strict=True)] = 200


class LabelBody(Body):
    """A label of a name. name: in full, such as `public.customers.email`."""

    name: LabelledName
    label: Name
