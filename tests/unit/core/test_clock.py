from datetime import UTC, datetime, timedelta, timezone

import pytest

from assent.core.clock import isoformat, parse_instant

AT = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)


def test_an_instant_has_one_form_whatever_its_zone() -> None:
    assert isoformat(AT) == "2026-03-04T05:06:07.000008Z"
    assert isoformat(AT.astimezone(timezone(timedelta(hours=5)))) == isoformat(AT)


def test_an_instant_is_read_back() -> None:
    assert parse_instant(isoformat(AT)) == AT


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        isoformat(AT.replace(tzinfo=None))
    with pytest.raises(ValueError):
        parse_instant("yesterday")
