"""Days of the ERP's zone."""

from datetime import UTC, date, datetime

import pytest

from core.days import erp_day, erp_today


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 12, 4, 22, 59, 59, tzinfo=UTC), date(2026, 12, 4)),
        (datetime(2026, 12, 4, 23, 0, tzinfo=UTC), date(2026, 12, 5)),
        (datetime(2026, 7, 4, 22, 0, tzinfo=UTC), date(2026, 7, 5)),
    ],
)
def test_a_day_ends_at_midnight_where_the_erp_stands(moment, day, settings):
    settings.ERP_TIME_ZONE = "Europe/Vienna"

    assert erp_day(moment) == day


def test_today_is_the_erps_today(settings, time_machine):
    settings.ERP_TIME_ZONE = "Pacific/Auckland"
    time_machine.move_to(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))

    assert erp_today() == date(2026, 11, 22)
