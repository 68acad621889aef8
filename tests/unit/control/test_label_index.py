from assent.control.label_index import names_in

LABELS = {
    "public.customers.email": frozenset({"pii"}),
    'public."a.b".c': frozenset({"pii"}),
    "public.customers": frozenset({"core"}),
    "shop": frozenset({"prod"}),
}


def test_what_lies_in_a_name_is_found_and_the_name_itself_is_not() -> None:
    assert names_in(LABELS, "public.customers") == ("public.customers.email",)
    assert names_in(LABELS, 'public."a.b"') == ('public."a.b".c',)
    assert set(names_in(LABELS, "public")) == set(LABELS) - {"shop"}
    assert names_in(LABELS, "public.customers.email") == ()
    assert names_in(LABELS, "shop") == ()


def test_other_labels_are_looked_at_afresh() -> None:
    for number in range(40):
        assert names_in({f"a{number}.b": frozenset({"x"})}, f"a{number}") == (f"a{number}.b",)
