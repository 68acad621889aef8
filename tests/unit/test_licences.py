"""Whoever runs Assent takes on no licence that asks for more than a notice."""

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution

PERMISSIVE = re.compile(r"Apache|MIT|BSD|PSF|Python Software Foundation|MPL|ISC|CC0", re.IGNORECASE)
COPYLEFT = re.compile(r"\bA?GPL|\bLGPL|GNU|SSPL|BUSL|Commons Clause", re.IGNORECASE)
# Said nowhere in its metadata; its repository's licence file is Apache-2.0.
UNSAID = {"cedarpy": "Apache-2.0"}
# EPL-2.0 or GPL-2.0-or-later, at our choice: used unmodified under the first, as NOTICE says.
ACCEPTED = {"asyncssh": "EPL-2.0"}


def test_every_run_time_dependency_is_permissive_or_accepted_by_name() -> None:
    found = _needed("assent", {})
    assert len(found) > 60
    wrong = {
        name: said
        for name, said in found.items()
        if name not in ACCEPTED and (COPYLEFT.search(said) or not PERMISSIVE.search(said))
    }
    assert wrong == {}


def test_what_was_accepted_by_name_still_offers_that_licence() -> None:
    found = _needed("assent", {})
    assert {name: licence in found[name] for name, licence in ACCEPTED.items()} == {
        "asyncssh": True
    }


def _needed(name: str, found: dict[str, str]) -> dict[str, str]:
    """Return name → licence of a distribution and of all that it needs, without extras."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        wanted = distribution(key)
    except PackageNotFoundError:
        # For another system or another Python.
        return found
    found[key] = UNSAID.get(key) or _said(wanted.metadata)
    for line in wanted.requires or ():
        if "extra ==" not in line:
            _needed(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0], found)
    return found


def _said(about: PackageMetadata) -> str:
    classifiers = [one for one in about.get_all("Classifier") or () if one.startswith("License")]
    # Some put the whole text there; its first line says which one it is.
    written = (about.get("License") or "").strip()[:80]
    return " ".join((about.get("License-Expression") or "", written, *classifiers))
