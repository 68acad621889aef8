"""No secret that passes through the control plane is ever in the log or in an object's words."""

from pathlib import Path

from assent.core.faults import Fault
from assent.core.request import Verdict
from assent.core.secret import Secret
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    PASSWORD,
    READ,
    a_caller,
    a_world,
)


async def test_a_whole_day_leaves_no_secret_behind(tmp_path: Path) -> None:
    async with a_world(tmp_path / "store") as world:
        token, _ = await world.sign_in.login("ana", Secret(PASSWORD), "10.0.0.1")
        caller = await world.sign_in.authenticate(token, "10.0.0.1", "api")
        await world.sign_in.step_up(caller, Secret(PASSWORD))
        opened = await world.access.connect(caller, "shop", None, "a reason", "T-1", 3)
        client = await world.connect(ANA)
        await world.ask(client, READ)
        asking = world.asking(client, DELETE_ALL)
        request = await world.held(client)
        await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "fine")
        answer = await asking
        shown = [repr(thing) for thing in (token, caller, opened, client, answer, world)]
        try:
            await world.sign_in.login("ana", Secret("wrong-password-xyzzy"), "10.0.0.1")
        except Fault as fault:
            shown.append(repr(fault) + str(fault))
        log = await world.log()
        secrets = [token.reveal(), PASSWORD, opened.password.reveal(), "wrong-password-xyzzy"]  # type: ignore[union-attr]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in log
        assert not [text for text in shown if secret in text]
        # What stands for a password's hash in these tests is the password itself.
        assert secret == PASSWORD or secret.encode() not in kept
