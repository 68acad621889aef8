"""Forms that were held: for the browser that sent them, once, and not for long."""

from datetime import timedelta

from assent.gateway.http.kept_forms import LARGEST, KeptForms
from builders import CountingIds, FixedClock


def test_a_form_is_there_once_for_its_owner_and_place() -> None:
    forms = KeptForms(FixedClock(), CountingIds())
    ticket = forms.keep("ana", "/page", "text/plain", b"a=1")
    assert forms.take(ticket, "ben", "/page") is None
    assert forms.take(ticket, "ana", "/other") is None
    found = forms.take(ticket, "ana", "/page")
    assert found is not None
    assert (found.content_type, found.data) == ("text/plain", b"a=1")
    assert forms.take(ticket, "ana", "/page") is None


def test_a_form_is_forgotten_after_half_an_hour() -> None:
    clock = FixedClock()
    forms = KeptForms(clock, CountingIds())
    ticket = forms.keep("ana", "/page", "", b"a=1")
    clock.advance(timedelta(minutes=30))
    assert forms.take(ticket, "ana", "/page") is None


def test_neither_large_ones_nor_too_many_are_kept() -> None:
    forms = KeptForms(FixedClock(), CountingIds())
    assert forms.keep("ana", "/page", "", b"x" * (LARGEST + 1)) == ""
    first = forms.keep("ana", "/page", "", b"first")
    others = [forms.keep("ben", "/page", "", b"x") for _ in range(25)]
    assert sum(forms.take(one, "ben", "/page") is not None for one in others) == 20
    assert forms.take(first, "ana", "/page") is not None
