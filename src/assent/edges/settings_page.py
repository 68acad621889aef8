"""What the configuration says, for people to look at: never a secret, only where it comes from."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from cryptography import x509

from assent import __version__
from assent.config import Config
from assent.config.audit import TRANSIT
from assent.control.settings_page import (
    CertificateState,
    Described,
    Library,
    Setting,
    SettingSection,
)
from assent.edges.premises import Premises
from assent.web.pages import ASSETS

HIDDEN = "hidden"
_REFERENCES = ("file:", "env:", "vault:")
# Keys that may hold a secret where somebody did not write a reference.
_SECRET = ("password", "token", "secret", "secret_id", "role_id", "signing_secret", "key", "url")
_COUNTED = ("people", "targets")
_LONGEST = 200
_LIBRARIES = (
    "argon2-cffi", "asyncpg", "authlib", "cedarpy", "cryptography", "cyclopts", "fastapi",
    "httpx2", "jinja2", "joserfc", "msgspec", "prometheus-client", "segno", "sqlalchemy",
    "sqlglot", "starlette", "structlog", "uvicorn", "webauthn",
)  # fmt: skip
_BUNDLED = {
    "htmx": ("htmx.org", "0BSD"),
    "htmx-ext-sse": ("htmx-ext-sse", "0BSD"),
    "uPlot": ("uPlot", "MIT"),
    "asciinema-player": ("asciinema-player", "Apache-2.0"),
}


def described(premises: Premises) -> Described:
    """Return what Settings shows of how this server was built."""
    config = premises.config
    return Described(
        version=__version__,
        sections=tuple(_sections(config)),
        master_key=_master_key(config),
        store=_store(config, premises.data),
        channels={one.name: one.kind for one in config.notifiers},
        methods=_methods(config),
        scim=config.scim.enabled,
        retention=config.audit.retention,
        certificates=lambda: _certificates(premises),
        libraries=_libraries,
    )


def _sections(config: Config) -> Iterator[SettingSection]:
    for item in fields(config):
        value = getattr(config, item.name)
        if item.name == "folder":
            continue
        if item.name in _COUNTED:
            count = Setting(f"[[{item.name}]]", f"{len(value)} in the file", bool(value))
            yield SettingSection(f"[[{item.name}]]", "", (count,))
        elif isinstance(value, tuple):
            if not value:
                yield SettingSection(f"[[{item.name}]]", "", ())
            for one in value:
                name = getattr(one, "name", "") or getattr(one, "label", "")
                yield SettingSection(f"[[{item.name}]] {name}".strip(), "", _settings(one))
        else:
            words = (type(value).__doc__ or "").split("\n", 1)[0].partition(": ")[2]
            yield SettingSection(f"[{item.name}]", words, _settings(value))


def _settings(section: Any) -> tuple[Setting, ...]:
    return tuple(
        Setting(item.name, _shown(item.name, value), value != _default(item))
        for item in fields(section)
        if not is_dataclass(value := getattr(section, item.name))
    )


def _default(item: "Field[Any]") -> object:
    if item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _shown(key: str, value: object) -> str:
    """Return a value for people; what may be a secret only where it is a reference to one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if value and key in _SECRET and not value.startswith(_REFERENCES):
            # A path to a PEM file names no secret; whatever else it is, is not said.
            return value[:_LONGEST] if key == "key" and value.endswith((".pem", ".key")) else HIDDEN
        return value[:_LONGEST]
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return ", ".join(value)[:_LONGEST]
    if isinstance(value, tuple):
        names = [str(getattr(one, "name", "")) for one in value]
        return ", ".join(name for name in names if name)[:_LONGEST] or f"{len(value)}"
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_shown(name, one)}" for name, one in value.items())[:_LONGEST]
    return str(value)[:_LONGEST]


def _master_key(config: Config) -> str:
    name = config.audit.master_key
    if name.startswith(TRANSIT):
        return f"in Vault, `{name}`: it never leaves it"
    return f"in a file, `{name}`" if name else "in a file of the data folder, `master.key`"


def _store(config: Config, data: Path) -> str:
    if config.store.address:
        return f"PostgreSQL, at the address in `{config.store.address}`"
    return "SQLite, in the data folder"


def _methods(config: Config) -> Sequence[tuple[str, bool, str]]:
    asked = config.sign_in.require_second_factor
    return (
        ("Passkeys", True, "always; where browsers reach this server by HTTPS or on `localhost`"),
        ("Passwords", config.sign_in.local_passwords, "`[sign_in] local_passwords`"),
        ("More than a password", asked != "none", f"of {asked}: `[sign_in] require_second_factor`"),
        ("Identity providers", bool(config.oidc), "`[[oidc]]`"),
        ("SCIM 2.0", config.scim.enabled, "`[scim] enabled`, at `/scim/v2`"),
    )


def _certificates(premises: Premises) -> Sequence[CertificateState]:
    config, data = premises.config, premises.data
    own = config.postgres.certificate
    gateway = config.folder / own if own else data / "development-certificate.pem"
    words = "the PostgreSQL gateway's" if own else "the PostgreSQL gateway's, for development"
    places = [(words, gateway)]
    places += [
        (f"the authority of target {one.name}", config.folder / one.certificate_authority)
        for one in config.targets
        if one.certificate_authority
    ]
    return [_certificate(name, path) for name, path in places]


def _certificate(name: str, path: Path) -> CertificateState:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as fault:
        return CertificateState(name, "", None, f"it cannot be read ({type(fault).__name__})")
    first = min(found, key=lambda one: one.not_valid_after_utc)
    return CertificateState(
        name, first.subject.rfc4514_string()[:_LONGEST], first.not_valid_after_utc
    )


def _libraries() -> Sequence[Library]:
    found = [Library("Python", sys.version.split()[0], "PSF-2.0")]
    for name in _LIBRARIES:
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(Library(about["Name"], about["Version"], _licence(about)))
    for name, (shown, licence) in _BUNDLED.items():
        if (ASSETS / "vendor" / f"{name}.LICENSE").is_file():
            found.append(Library(f"{shown} (in the browser)", "", licence))
    return found


def _licence(about: metadata.PackageMetadata) -> str:
    if "License-Expression" in about:
        return about["License-Expression"]
    classes = [one for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    if classes:
        return str(classes[0].rsplit(" :: ", 1)[-1])
    return about["License"].split("\n", 1)[0][:60] if "License" in about else ""
