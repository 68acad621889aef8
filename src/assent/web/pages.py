"""Renders templates, with what every page needs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from assent.web.navigation import menu_of, role_words
from assent.web.safety import CONTENT_SECURITY_POLICY

ASSETS = Path(__file__).parent / "assets"
_ROWS = re.compile(r"<(tr|td)(?=[\s>])")
_LIBRARIES = ("vendor/htmx.min.js", "vendor/htmx-ext-sse.min.js")


def libraries_are_there() -> bool:
    """Return whether the JavaScript libraries were built in; without them no page is live."""
    return all((ASSETS / name).is_file() for name in _LIBRARIES)


def assets_version() -> str:
    """Return a digest of the assets, so that a browser never mixes two versions."""
    digest = sha256()
    for path in sorted(path for path in ASSETS.rglob("*") if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("assent.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = sentence
    environment.filters["segment"] = segment
    environment.filters["cells"] = cells
    return environment


def sentence(detail: str) -> Markup:
    """Return a fault's detail as a sentence, what stands in backticks as code."""
    parts = [escape(part) for part in (detail[:1].upper() + detail[1:]).split("`")]
    marked = [
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    ]
    return Markup("").join(marked) + ("" if detail.endswith(("!", "?", ".")) else ".")


def cells(rows: Markup, columns: Sequence[str]) -> Markup:
    """Return the rows of a table with what each cell is about, for windows too narrow for heads.

    columns: heads; a `#` before one is not part of it. The roles are said as well, because a row
    that is laid out as a card is none to some readers of screens.
    """
    place = iter(columns)

    def named(found: re.Match[str]) -> str:
        nonlocal place
        if found[1] == "tr":
            place = iter(columns)
            return '<tr role="row"'
        label = escape(next(place, "").removeprefix("#"))
        return f'<td role="cell" data-label="{label}"'

    return Markup(_ROWS.sub(named, rows))  # noqa: S704 - from templates, which escaped it


def segment(text: str) -> str:
    """Return a text as one segment of a path, whatever is in it."""
    return quote(text, safe="")


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates. version: of the assets they name. live: whether pages renew themselves."""

    live: bool = field(default_factory=libraries_are_there)
    version: str = field(default_factory=assets_version)
    environment: Environment = field(default_factory=_environment)

    def page(self, template: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
        """Return the rendered page with its own Content-Security-Policy."""
        seat = values.get("seat")
        caller = getattr(seat, "caller", None)
        text = self.environment.get_template(template).render(
            version=self.version,
            live=self.live,
            menu=menu_of(caller) if caller else (),
            roles=role_words(caller) if caller else "",
            **values,
        )
        headers = {"content-security-policy": CONTENT_SECURITY_POLICY}
        return HTMLResponse(text, status_code=status, headers=headers)
