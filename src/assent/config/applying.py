"""Targets that people apply while the gateway runs: the same sections, with less of a say."""

import tomllib
from dataclasses import fields
from typing import Any

from assent.config.reading import parse, refuse_unknown
from assent.config.sections import Config, TargetConfig, VaultConfig
from assent.core.faults import OperatorFault


def applicable_targets(config: Config, text: str) -> tuple[TargetConfig, ...]:
    """Return the `[[targets]]` of a text that is to be applied. Raises OperatorFault.

    What is applied comes from people, not from this machine: the files that it names must lie
    below the configuration, and not in the data folder, where the keys are.
    """
    place = "targets.toml"
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise OperatorFault("config-syntax", f"is not TOML: {fault}", place) from fault
    refuse_unknown(tree, {"targets"}, place)
    found = parse({"targets": tree.get("targets", [])} | _known_vault(config), place, config.folder)
    for target in found.targets:
        where = f"{place}:[[targets]] {target.name}"
        kind, _, path = target.password.partition(":")
        _check_inside(config, path if kind == "file" else "", f"{where} password")
        _check_inside(config, target.certificate_authority, f"{where} certificate_authority")
        configured = {one.name: (one.broker, one.vault_role) for one in config.targets}
        if (target.broker, target.vault_role) != configured.get(target.name, ("static", "")):
            words = "a `broker` is named in the server's own configuration, for targets named there"
            raise OperatorFault("config-value", words, f"{where} broker")
    return found.targets


def _known_vault(config: Config) -> dict[str, Any]:
    # So that references into it are as good here as there.
    said = {item.name: getattr(config.vault, item.name) for item in fields(VaultConfig)}
    return (
        {"vault": {key: value for key, value in said.items() if value}} if said["address"] else {}
    )


def _check_inside(config: Config, name: str, place: str) -> None:
    if not name:
        return
    folder = config.folder.resolve()
    path, data = (folder / name).resolve(), (folder / config.server.data).resolve()
    if not path.is_relative_to(folder) or path.is_relative_to(data):
        words = f"`{name[:80]}` must lie below the configuration's folder, and not among its data"
        raise OperatorFault("config-reference", words, place)
