"""Whatever an answer holds: what is masked is not shown at its place, and nothing else changes."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assent.content.fields import path_of
from assent.content.json_masking import JsonMasks
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.secret import Secret

KEYS = ("email", "name", "a.b", "", "items", 'q"', "Email")
# No mask shows such a text: it is long enough, and no mail address.
SECRETS = st.integers(0, 10**6).map(lambda number: f"secret-{number:09d}-value")
leaves = st.one_of(SECRETS, st.integers(-(2**70), 2**70), st.booleans(), st.none())
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=25,
)
paths = st.lists(st.sampled_from(KEYS), min_size=0, max_size=3).map(tuple)
hows = st.sampled_from(list(MaskHow))


@given(documents, st.dictionaries(paths, hows, max_size=4))
def test_what_is_masked_is_hidden_and_the_rest_is_untouched(
    document: Any, masked: dict[tuple[str, ...], MaskHow]
) -> None:
    route = "/v1.2/customers/{id}"
    names = {path_of((route, *path)): how for path, how in masked.items()}
    masks = JsonMasks(route, Enforcement(masks=names, key=Secret(b"key")))
    shown = json.loads(masks.json(json.dumps(document).encode()).data)
    places = {tuple(key.casefold() for key in path) for path in masked}
    compare(document, shown, (), places)


def compare(before: Any, after: Any, path: tuple[str, ...], places: set[tuple[str, ...]]) -> None:
    if any(path[:length] in places for length in range(len(path) + 1)):
        hidden = json.dumps(after)
        assert all(leaf not in hidden for leaf in secrets_in(before))
    elif isinstance(before, dict):
        assert list(before) == list(after)
        for key, value in before.items():
            compare(value, after[key], (*path, key.casefold()), places)
    elif isinstance(before, list):
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            compare(one, other, path, places)
    else:
        assert before == after
        assert type(before) is type(after)


def secrets_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in secrets_in(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in secrets_in(item)]
    return [value] if isinstance(value, str) else []
