"""What the catalogue of PostgreSQL 18 holds, from lists that tools/list_functions.py writes.

The lists are read once, when the first statement is classified.
"""

import pkgutil
from functools import cache


@cache
def _names(file: str) -> frozenset[str]:
    """Return the names in one list; an empty line or one that starts with `# ` is not one."""
    data = pkgutil.get_data(__package__ or "", file)
    if data is None:
        raise FileNotFoundError(f"`{file}` is not packaged beside {__name__}")
    lines = data.decode("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("# "))


def is_harmless(function: str) -> bool:
    """Whether every overload of that function of pg_catalog does nothing but compute."""
    return function in _names("functions.txt")


def is_catalogue_function(function: str) -> bool:
    """Whether pg_catalog has a function of that name, harmless or not."""
    return is_harmless(function) or function in _names("functions_other.txt")


def takes_any_row(function: str) -> bool:
    """Whether it can be called on a row of any table, so that `t.function` reads all of it."""
    return function in _names("functions_of_rows.txt")


def is_catalogue_relation(relation: str) -> bool:
    """Whether pg_catalog has a table or view of that name."""
    return relation in _names("relations.txt")


def is_catalogue_operator(operator: str) -> bool:
    """Whether pg_catalog has an operator of that name."""
    return operator in _names("operators.txt")
