"""Look for customers that may be one, and open a case for each pair."""

from typing import Any

from django.core.management.base import BaseCommand

from integrations.actions.merging import report_duplicates
from integrations.systems import job_actor


class Command(BaseCommand):
    """Find double customers by VAT number, name and address; run it daily."""

    help = "Open a case for each pair of customers that may be one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Report the pairs."""
        for pair in report_duplicates(by=job_actor("duplicates")):
            self.stdout.write(f"{pair.one}  {pair.other}  {', '.join(pair.rules)}")
