"""The counts beside the sidebar's entries of operations: what needs somebody."""

from django.http import HttpRequest

from core.queries import all_case_counts
from integrations.queries import all_delivery_counts


def open_cases(request: HttpRequest) -> int:
    """How many cases are open."""
    return all_case_counts(request.user.pk or 0)["open"]


def dead_letters(request: HttpRequest) -> int:
    """How many messages will not go out without a person."""
    return all_delivery_counts()["dead"]
