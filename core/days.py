"""Days: validity and due dates are days of the owning ERP's zone, not of the server's or the reader's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def erp_zone() -> ZoneInfo:
    """The zone in which the ERP's clock goes."""
    return ZoneInfo(settings.ERP_TIME_ZONE)


def erp_day(moment: datetime) -> date:
    """The day that an aware moment falls on where the ERP stands."""
    return moment.astimezone(erp_zone()).date()


def erp_today() -> date:
    """Today where the ERP stands. Source: design, section 4."""
    return erp_day(timezone.now())
