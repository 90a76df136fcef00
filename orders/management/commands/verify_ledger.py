"""Prove that what orders say of themselves is what their movements make."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.queries.ledger import all_faults
from orders.queries.orders import all_orders


class Command(BaseCommand):
    help = "Compare counters, states and amounts of orders with their movement rows; fails on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="*", help="only these orders; all without any")

    def handle(self, *args: Any, **options: Any) -> None:
        orders = all_orders().order_by("pk")
        if options["numbers"]:
            orders = orders.filter(number__in=options["numbers"])
        faults = 0
        for fault in all_faults(orders.iterator(chunk_size=500)):
            self.stderr.write(str(fault))
            faults += 1
        if faults:
            raise CommandError(f"{faults} differences between orders and their movements.")
        self.stdout.write(f"{orders.count()} orders agree with their movements.")
