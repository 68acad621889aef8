"""A `targets.toml` read for tests: each target has the shop's address."""

import tomllib

from assent.control.administration import TargetDescription


def described(text: str) -> list[TargetDescription]:
    """Return the targets that a text describes."""
    return [
        TargetDescription(
            name=one["name"],
            protocol="postgres",
            host=one.get("host", "127.0.0.1"),
            port=5432,
            database=one.get("database", one["name"]),
            user="assent",
            credential=one.get("password", "env:SHOP"),
            environment=one.get("environment", "dev"),
            tls="prefer",
            certificate_authority="",
            owners=frozenset(one.get("owners", ())),
            labels={},
            search_path=("public",),
            databases=tuple(one.get("databases", ())),
        )
        for one in tomllib.loads(text).get("targets", [])
    ]
