"""Switches of the hub by hand: how flows are set, nothing out, what follows buying on and off."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from integrations.actions.switches import roll_back_flow, set_phase, set_read_only
from integrations.effective import all_effective
from integrations.flows import FLOWS
from integrations.models import FlowState
from integrations.systems import job_actor


class Command(BaseCommand):
    """Show and switch flows; each change is a version of the flow's settings and can be taken back."""

    help = "Show how flows are set; switch read-only, the phase, or one flow back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to switch, and why."""
        kinds = parser.add_subparsers(dest="what", required=True)
        kinds.add_parser("status", help="how every flow is set")
        only = kinds.add_parser("read-only", help="hold everything that writes to another system")
        only.add_argument("to", choices=("on", "off"))
        phase = kinds.add_parser("phase", help="1: buying alone; 2: with all that follows it")
        phase.add_argument("to", type=int, choices=(1, 2))
        back = kinds.add_parser("roll-back", help="set a flow as it was before its newest change")
        back.add_argument("flow", choices=sorted(FLOWS))
        for one in (only, phase, back):
            one.add_argument("--why", default="", help="the reason, kept with the version")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch, then show how the flows are set."""
        by, why = job_actor("hub"), options.get("why", "")
        try:
            match options["what"]:
                case "read-only":
                    self._say(set_read_only(options["to"] == "on", by=by, reason=why))
                case "phase":
                    self._say(set_phase(options["to"], by=by, reason=why))
                case "roll-back":
                    roll_back_flow(options["flow"], by=by, reason=why)
        except DomainError as error:
            raise CommandError(f"{error} Use --why.") from error
        self._show()

    def _say(self, names: list[str]) -> None:
        self.stdout.write(f"Switched: {', '.join(names) or 'nothing, it was so before'}")

    def _show(self) -> None:
        paused = set(FlowState.objects.filter(is_paused=True).values_list("flow", flat=True))
        for name, set_to in all_effective().items():
            word = "paused" if name in paused else str(set_to.mode)
            parts = "; ".join(f"{key}: {', '.join(values)}" for key, values in set_to.rollout.items())
            self.stdout.write(f"{name:20} {word:8} version {set_to.version:3} {parts}".rstrip())
