"""`manage.py worker`: everything that happens in the background, under one supervisor."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Runs the clusters for quick and slow work; any number of these may run beside each other."""

    help = "Run the background work: deliveries, synchronisation, mails. Ends in good order on SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the grace period; --cluster is how the supervisor starts one of its clusters."""
        longest = settings.Q_CLUSTER["timeout"] + 10
        parser.add_argument("--grace", type=float, default=longest, help="seconds for the tasks in work")
        parser.add_argument("--cluster", help=SUPPRESS)

    def handle(self, *args: Any, grace: float, cluster: str | None, **options: Any) -> None:
        """Supervise, or be one of the supervised."""
        if cluster is None:
            from integrations.worker import Supervisor

            Supervisor(grace=grace).run()
        else:
            os.environ["Q_CLUSTER_NAME"] = cluster  # read by django-q2 as its modules are imported
            from integrations.cluster import run_cluster

            sys.exit(run_cluster())
