"""`assent device`: enrol this device, so that it signs for you and counts as yours."""

import platform
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from assent.cli import device_keys, output
from assent.cli.access import Reason, segment
from assent.cli.client import Client, signed_in
from assent.cli.device_keys import DeviceKey
from assent.cli.device_report import report, send_once
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.cli.sign_in import PasswordFile, read_password

app = App(
    name="device",
    help="Enrol this device, so that it signs for you and counts as yours.",
)
app.command(report)

_LONGEST_NAME = 60
_WHERE = {
    "tpm": "in its TPM, which gives it to nobody",
    "keyring": "in the keyring of your account",
    "file": "in a private file, which whoever reads your files can copy",
}


@app.command
def enroll(
    *,
    name: Annotated[
        str, Parameter(name="--name", help="What to call it; this machine's name when left out.")
    ] = "",
    protection: Annotated[
        Literal["tpm", "keyring", "file"] | None,
        Parameter(name="--protection", help="Where to keep the key; the best place by default."),
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key on this device and enrol its public half; it needs your password again.

    The private half is kept in the TPM, the keyring or a private file, and is never sent. From
    then on `assent approve` shows you what you assent to and signs that, and once the device is
    admitted, `assent connect` binds what it opens to it.
    """
    client = signed_in()
    who = str(client.get("/v1/whoami")["name"])
    _check_free(client, who)
    from dataclasses import replace

    from assent.audit.approval_signatures import enrolment_message

    begun = _challenge(client, password_file)
    key = device_keys.make(client.url, who, protection or "")
    message = enrolment_message(begun["subject"], begun["challenge"], key.kind, key.public_key)
    body = {
        "name": name or (platform.node() or "device")[:_LONGEST_NAME],
        "kind": key.kind,
        "public_key": key.public_key,
        "challenge": begun["challenge"],
        "proof": key.sign(message),
        "protection": key.protection,
    }
    enrolled = client.post("/v1/devices", body)
    key = replace(key, id=str(enrolled["id"]))
    _keep(client, key)
    _introduce(client, key, enrolled)
    if as_json:
        output.show_json(enrolled)
        return
    output.say(f"{enrolled['id']}: `{enrolled['name']}` signs for {who} now")
    output.say(f"its key is {_WHERE[key.protection]}")
    if enrolled["admitted_at"]:
        output.say("it counts as a known device")
    else:
        output.note(f"it waits to be admitted: assent device admit {enrolled['id']}")
    output.note("next: `assent approve` shows what you assent to, and signs it")


@app.command(name="list")
def listing(
    *,
    everybody: Annotated[
        bool, Parameter(name="--all", negative=(), help="Those of everybody; for who may see them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List your devices, revoked ones too."""
    client = signed_in()
    answer = client.get("/v1/devices/everybody" if everybody else "/v1/devices")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    here = {key.id for key in _here(client)}
    output.table(
        ("device", "whose", "name", "key", "enrolled", "state"),
        [
            (
                item["id"],
                item.get("owner", "you"),
                item["name"],
                f"{item['kind']} ({item['protection']})" if item["protection"] else item["kind"],
                in_words(item["enrolled_at"], now),
                _state(item, here),
            )
            for item in answer["items"]
        ],
        "there are none; `assent device enroll` enrols this one",
    )


@app.command
def revoke(device_id: str, /, *, as_json: AsJson = False) -> None:
    """Let a device sign nothing any more, for ever; what it signed before stays.

    Sessions that are open on it are cut, and passwords that it was given open nothing more.

    Parameters
    ----------
    device_id
        The device, as `assent device list` prints it: `key_…`.
    """
    answer = signed_in().post(f"/v1/devices/{segment(device_id)}/revoke")
    device_keys.forget(str(answer["id"]))
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"{answer['id']}: `{answer['name']}` signs nothing any more")


@app.command
def admit(
    device_id: str,
    /,
    *,
    managed_as: Annotated[
        str,
        Parameter(name="--managed-as", help="What the system that manages devices calls it."),
    ] = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Let a device count as a known one of its owner, so that policies can rest on it.

    Parameters
    ----------
    device_id
        The device, as `assent device list --all` prints it: `key_…`.
    """
    body = {"reason": reason, "managed_as": managed_as}
    path = f"/v1/devices/{segment(device_id)}/admit"
    status, answer = signed_in().post_for_status(path, body)
    if as_json:
        output.show_json(answer)
    elif status == 202:
        output.say(f"people are asked: {answer['request']['id']}")
    else:
        output.say(f"{answer['id']}: `{answer['name']}` counts as a known device now")


former = App(name="devices", help="The same as `device`.")
for _command in (enroll, revoke, admit, report):
    former.command(_command)
former.command(listing, name="list")


def _introduce(client: Client, key: DeviceKey, enrolled: dict[str, Any]) -> None:
    """Say how the device is kept, and where policies admit devices, ask them."""
    try:
        send_once(client, key)
        if client.get("/v1/devices/known")["admission"] != "policy":
            return
        status, answer = client.post_for_status(f"/v1/devices/{segment(key.id)}/admit", {})
        if status != 202:
            enrolled["admitted_at"] = answer["admitted_at"]
    except CommandFault as fault:
        # It is enrolled all the same; both can be done again.
        output.note(fault.detail)


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
            f"`assent device revoke {kept.id}` first",
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
    signs = "signs, on this device" if item["id"] in here else "signs"
    if item["kind"] == "webauthn":
        return signs
    return f"{signs}, admitted" if item["admitted_at"] else f"{signs}, waits to be admitted"
