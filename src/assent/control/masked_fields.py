"""Whether masks on fields of messages can be kept: of requests over HTTP and of calls of tools.

What is masked there is masked in the answer, by its path. What is left is that a request tests a
masked field, sorts by it, or has it sent under another name: that is refused.
"""

import re
from collections.abc import Iterable, Mapping

from assent.content.fields import LONGEST_VALUE, parts_of, quoted
from assent.control.masked_columns import Masks
from assent.core.action import Action, Operation
from assent.core.enforcement import MaskHow
from assent.core.resource import Target

_WORD = re.compile(r"\w+")
# What stands between a field and what it is compared to, sorted by or called instead.
_BEFORE = re.compile(r"(?:[:=<>~!]|\bas\s)\s*$", re.IGNORECASE)
_AFTER = re.compile(
    r"\s*(?:[:=<>~!]|\.\w|\s(?:as|eq|ne|gt|ge|lt|le|like|ilike|contains|startswith|matches)\b"
    r"|\sin\s*\(|\sis\s+(?:not\s+)?null\b)",
    re.IGNORECASE,
)
_ORDERS = frozenset(
    {"distinct", "filter", "filters", "group", "groupby", "having", "order", "orderby", "ordering"}
    | {"predicate", "search", "sort", "sortby", "sorting", "where"}
)
_GRAPHQL = re.compile(r"\s*(?:\{|#|query\b|mutation\b|subscription\b|fragment\b)")
_PARAMETER = re.compile(r"\\\{[^{}/]+\\\}")
_MOST_KEPT = 256

# By the identity of the masks, which are kept here so that none is reused.
_kept: dict[tuple[int, str], tuple[Masks, Mapping[str, MaskHow]]] = {}


def tested_fields(masks: Masks, action: Action) -> list[str]:
    """Return the masked fields that an action tests or renames, as full names, sorted."""
    found: set[str] = set()
    for touch in action.touches:
        resource = quoted(touch.resource.name)
        masked = _masked_in(masks, resource)
        if not masked:
            continue
        for path in _asked(action, resource):
            found.update(_named_by(path, masked, masks, resource))
            for value in _values(touch.arguments, path):
                found.update(_named_in(path, value, masked))
    return sorted(found)


def has_masked_fields(masks: Masks, action: Action) -> bool:
    """Return whether something that is touched holds a masked field."""
    return any(_masked_in(masks, quoted(touch.resource.name)) for touch in action.touches)


def calls_by_other_names(masks: Masks, action: Action) -> bool:
    """Return whether an answer's fields may be called otherwise: a query of GraphQL says how."""
    return has_masked_fields(masks, action) and any(
        value and _GRAPHQL.match(value)
        for touch in action.touches
        for value in _values(touch.arguments, "query")
    )


def nameless_route(masks: Masks, action: Action, target: Target) -> str:
    """Return the masked route that a path may be one of, where no routes of the target are known.

    Then its fields could not be told from others; empty where there is none such.
    """
    if target.protocol != "http" or target.options.get("routes") or target.options.get("openapi"):
        return ""
    templates = {name for name in map(_resource_of, masks) if "{" in name}
    for touch in action.touches:
        for template in sorted(templates):
            shape = _PARAMETER.sub("[^/]+", re.escape(template))
            name = touch.resource.name
            if name != template and re.fullmatch(shape, name):
                return template
    return ""


def _resource_of(name: str) -> str:
    return next(iter(parts_of(name)), "")


def _masked_in(masks: Masks, resource: str) -> Mapping[str, MaskHow]:
    """Return the masked fields of a resource by full name; `….*` for all of them."""
    if masks.how(f"{resource}.*") is None:
        return {}
    key = id(masks), resource
    if key not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        start = f"{resource}."
        found = {name: how for name, how in masks.items() if name.startswith(start)}
        _kept[key] = masks, found
    return _kept[key][1]


def _asked(action: Action, resource: str) -> Iterable[str]:
    """Return the paths by which an action says which answer it wants."""
    flows = action.statement.flows
    if flows is not None:
        start = f"{resource}."
        return [name[len(start) :] for name in flows.tested if name.startswith(start)]
    return [
        column
        for touch in action.touches
        if touch.operation is not Operation.WRITE and quoted(touch.resource.name) == resource
        for column in touch.columns - {"*"}
    ]


def _named_by(
    path: str, masked: Mapping[str, MaskHow], masks: Masks, resource: str
) -> Iterable[str]:
    """Return the masked fields that a parameter is about, by its path or by a part of it."""
    full = f"{resource}.{path}"
    if masks.how(full) is not None:
        return [full]
    parts = {part.casefold() for part in parts_of(path)}
    return [name for name in masked if _last(name) in parts]


def _named_in(path: str, value: str, masked: Mapping[str, MaskHow]) -> Iterable[str]:
    """Return the masked fields that a value names where it filters, sorts or renames."""
    orders = _last(path).strip("$_").replace("_", "") in _ORDERS
    if orders and len(value) >= LONGEST_VALUE:
        # It goes on behind what is known of it.
        return list(masked)
    names: dict[str, list[str]] = {}
    for name in masked:
        names.setdefault(_last(name), []).append(name)
    found: list[str] = []
    for word in _WORD.finditer(value):
        named = names.get(word[0].casefold())
        if named and (
            orders or _AFTER.match(value, word.end()) or _BEFORE.search(value[: word.start()])
        ):
            found += named
    return found


def _values(arguments: Iterable[str], path: str) -> list[str]:
    start = f"{path}="
    return [item[len(start) :] for item in arguments if item.startswith(start)]


def _last(path: str) -> str:
    return parts_of(path)[-1].casefold()
