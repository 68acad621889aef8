"""Letting this device vouch for a sign-in, so that it ends with the device."""

from typing import Any

from assent.cli import device_keys, output
from assent.cli.client import Client
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.core.secret import Secret


def vouched(client: Client, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a sign-in with the token that this device vouches for.

    As it is where this device is not enrolled for that person, or the server does not take its
    word: whoever is signed in stays so, and is told. Raises CommandFault where the server is away.
    """
    if not device_keys.any_for(client.url):
        return answer
    key = device_keys.find(client.url, str(answer["subject"]["name"]))
    if key is None:
        return answer
    from assent.audit.device_statements import sign_in_message

    asking = Client(client.url, Secret(str(answer["token"])))
    try:
        begun = asking.post(f"/v1/devices/{key.id}/sign-in/challenge")
        message = sign_in_message(
            str(begun["subject"]), key.id, str(begun["challenge"]), str(begun["sign_in"])
        )
        body = {"challenge": begun["challenge"], "signature": key.sign(message)}
        return {**answer, **asking.post(f"/v1/devices/{key.id}/sign-in", body)}
    except CommandFault as fault:
        if fault.exit_code is ExitCode.OUTSIDE:
            raise
        output.note(f"not bound to this device: {fault.detail}")
        return answer
