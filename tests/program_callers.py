"""People who are signed in, as the use cases of programs ask for them."""

from assent.control.sign_in import Caller
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import TokenKind
from builders import BEN, PASSWORD, World

HERE = "127.0.0.1"


async def in_a_browser(world: World, person: Subject = BEN) -> Caller:
    """Return somebody who has just signed in in a browser."""
    secret, _ = await world.sign_in.issue(person, TokenKind.BROWSER, "passkey", address=HERE)
    return await world.sign_in.authenticate(secret, HERE, "web")


async def just_confirmed(world: World, person: Subject = BEN) -> Caller:
    """Return somebody at a command line who has just confirmed who they are."""
    secret, _ = await world.sign_in.login(person.name, Secret(PASSWORD), HERE)
    caller = await world.sign_in.authenticate(secret, HERE, "api")
    await world.sign_in.step_up(caller, Secret(PASSWORD))
    return await world.sign_in.authenticate(secret, HERE, "api")


async def as_program(world: World, secret: Secret[str]) -> Caller:
    """Return who holds this token."""
    return await world.sign_in.authenticate(secret, HERE, "api")
