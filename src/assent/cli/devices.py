"""`assent devices`: enrol this device so that it signs what you assent to."""

import platform
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import device_keys, output
from assent.cli.access import segment
from assent.cli.client import Client, signed_in
from assent.cli.device_keys import KIND, DeviceKey
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.cli.sign_in import PasswordFile, read_password

app = App(name="devices", help="Enrol this device, so that it signs what you assent to.")

_LONGEST_NAME = 60


@app.command
def enroll(
    *,
    name: Annotated[
        str, Parameter(name="--name", help="What to call it; this machine's name when left out.")
    ] = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key on this device and enrol its public half; it needs your password again.

    The private half is kept in one private file beside your token and never leaves it. From
    then on `assent approve` shows you what you assent to, and signs that.
    """
    client = signed_in()
    who = str(client.get("/v1/whoami")["name"])
    _check_free(client, who)
    from assent.audit.approval_signatures import enrolment_message

    begun = _challenge(client, password_file)
    key = DeviceKey(client.url, who, "", device_keys.new_seed())
    message = enrolment_message(begun["subject"], begun["challenge"], KIND, key.public_key)
    body = {
        "name": name or (platform.node() or "device")[:_LONGEST_NAME],
        "kind": KIND,
        "public_key": key.public_key,
        "challenge": begun["challenge"],
        "proof": key.sign(message),
    }
    enrolled = client.post("/v1/devices", body)
    _keep(client, DeviceKey(client.url, who, str(enrolled["id"]), key.seed))
    if as_json:
        output.show_json(enrolled)
        return
    output.say(f"{enrolled['id']}: `{enrolled['name']}` signs for {who} now")
    output.note("next: `assent approve` shows what you assent to, and signs it")


@app.command(name="list")
def listing(*, as_json: AsJson = False) -> None:
    """List your devices, revoked ones too."""
    client = signed_in()
    answer = client.get("/v1/devices")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    here = {key.id for key in _here(client)}
    output.table(
        ("device", "name", "kind", "enrolled", "state"),
        [
            (
                item["id"],
                item["name"],
                item["kind"],
                in_words(item["enrolled_at"], now),
                _state(item, here),
            )
            for item in answer["items"]
        ],
        "there are none; `assent devices enroll` enrols this one",
    )


@app.command
def revoke(device_id: str, /, *, as_json: AsJson = False) -> None:
    """Let a device sign nothing any more, for ever; what it signed before stays.

    Parameters
    ----------
    device_id
        The device, as `assent devices list` prints it: `key_…`.
    """
    answer = signed_in().post(f"/v1/devices/{segment(device_id)}/revoke")
    device_keys.forget(str(answer["id"]))
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"{answer['id']}: `{answer['name']}` signs nothing any more")


def _check_free(client: Client, who: str) -> None:
    """Refuse to enrol a device twice, unless its key was revoked."""
    kept = device_keys.find(client.url, who)
    if kept is None:
        return
    signs = [item["id"] for item in client.get("/v1/devices")["items"] if not item["revoked_at"]]
    if kept.id in signs:
        raise CommandFault(
            ExitCode.CONFLICT,
            "enrolled-already",
            f"this device signs for `{who}` already, as `{kept.id}`; for another key run "
            f"`assent devices revoke {kept.id}` first",
        )


def _challenge(client: Client, password_file: PasswordFile) -> dict[str, Any]:
    try:
        return client.post("/v1/devices/challenge")
    except CommandFault as fault:
        if fault.code != "step-up-needed":
            raise
    password = read_password("your password again: ", password_file)
    client.post("/v1/step-up", {"password": password.reveal()})
    return client.post("/v1/devices/challenge")


def _keep(client: Client, key: DeviceKey) -> None:
    try:
        device_keys.keep(key)
    except OSError as error:
        # Nobody holds its private half: it must not stay enrolled.
        client.post(f"/v1/devices/{segment(key.id)}/revoke")
        words = f"the key cannot be kept in `{device_keys.path()}` and was revoked: {error}"
        raise CommandFault(ExitCode.OUTSIDE, "not-kept", words) from error


def _here(client: Client) -> list[DeviceKey]:
    if not device_keys.any_for(client.url):
        return []
    kept = device_keys.find(client.url, str(client.get("/v1/whoami")["name"]))
    return [kept] if kept else []


def _state(item: dict[str, Any], here: set[str]) -> str:
    if item["revoked_at"]:
        return f"revoked {in_words(item['revoked_at'], output.now())}"
    return "signs, on this device" if item["id"] in here else "signs"
