"""How people sign in, as the configuration has it."""

from dataclasses import dataclass
from datetime import timedelta

from assent.config.values import one_of
from assent.control.sign_in_rules import SECOND_FACTOR_OF, SignInRules
from assent.core.faults import OperatorFault
from assent.policy import parse_duration


@dataclass(frozen=True, slots=True)
class SignInConfig:
    """`[sign_in]`: what is asked of people who sign in here.

    local_passwords: whether passwords count at all; `false` where all have passkeys or an identity
    provider. idle: after how long a browser is signed out in which nothing was done, such as
    `2h`, to within ten minutes; `off` for never before the 12 hours that a sign-in lasts.
    require_second_factor: of whom a password alone is not enough: `none`, `administrators` or
    `everybody`; until they add an app for codes or a passkey, only their account is open to them.
    """

    local_passwords: bool = True
    idle: str = "2h"
    require_second_factor: str = "none"


def sign_in_rules(sign_in: SignInConfig, place: str) -> SignInRules:
    """Return what is asked. Raises OperatorFault."""
    asked = sign_in.require_second_factor
    one_of(asked, SECOND_FACTOR_OF, f"{place} require_second_factor")
    return SignInRules(sign_in.local_passwords, _idle(sign_in.idle, f"{place} idle"), asked)


def _idle(text: str, place: str) -> timedelta | None:
    if text == "off":
        return None
    try:
        idle = parse_duration(text)
    except ValueError:
        idle = timedelta()
    if not timedelta(minutes=5) <= idle <= timedelta(hours=12):
        words = f"`{text[:80]}` is neither `off` nor 5 minutes to 12 hours, such as `2h`"
        raise OperatorFault("config-value", words, place)
    return idle
