"""`make story`: an RFQ becomes a paid invoice through all the real parts, and both sides must agree.

Real pages over HTTP, real workers, a real Tryton, on databases and ports of its own; beside any demo.
Exits with 1 when a figure differs or a step does not happen.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from demo.clones import cloned_stack  # noqa: E402
from demo.environment import EnvironmentFailure, say  # noqa: E402
from demo.part import StartFailure  # noqa: E402
from demo.stack import Stack  # noqa: E402
from demo.telling import back_office, scenes  # noqa: E402
from demo.telling.erp_desk import ErpDesk, ErpRefused  # noqa: E402
from demo.telling.log import Log  # noqa: E402
from demo.telling.reader import NotOnPage  # noqa: E402
from portal.postgres.cluster import Cluster, EmbeddedPostgresFailure  # noqa: E402

BUYER, STRANGER = "jana.reuter@kessler.example", "petra.brenner@brenner.example"
SALES, MANAGER = "lena.brandt@nordwind.example", "tomas.hoelzl@nordwind.example"
OPERATOR = "mira.okafor@nordwind.example"


def main() -> int:
    """Start what is needed, play, compare, end everything."""
    log = Log()
    say("The story: from a request for quote to its paid invoice.")
    cluster = Cluster(PROJECT / "var" / "story" / "postgres", durable=False)
    folder = Path(tempfile.mkdtemp(prefix="accord-story-"))
    try:
        with (
            cluster.in_use(),
            cloned_stack(cluster, folder, f"accord_clone_{os.getpid()}", erp_kind="sqlite") as stack,
            ErpDesk(stack) as desk,
        ):
            log.begin(f"portal on {stack.url}, ERP on {stack.erp_url}")
            _play(stack, desk, log)
    except (NotOnPage, ErpRefused, StartFailure, EnvironmentFailure, EmbeddedPostgresFailure) as failure:
        print(f"\nThe story stops here: {failure}\nLogs are in {folder / 'log'}.", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return log.end()


def _play(stack: Stack, desk: ErpDesk, log: Log) -> None:
    people = json.loads((stack.root / "demo" / "sign-ins.json").read_text())
    story = scenes.Story(stack.url, {person["email"]: person for person in people}, log, desk)
    buyer, sales = story.sign_in(BUYER), story.sign_in(SALES)
    manager, operator = story.sign_in(MANAGER), story.sign_in(OPERATOR)
    scenes.ask_for_a_quote(story, buyer)
    back_office.build_the_quote(story, sales)
    back_office.approve_the_quote(story, sales, manager)
    scenes.accept_the_quote(story, buyer)
    scenes.order_arrives(story, buyer)
    scenes.first_part_ships(story, buyer)
    scenes.second_part_ships(story, buyer)
    scenes.invoices_and_payment(story, buyer)
    scenes.the_pages_show_it(story, buyer, story.sign_in(STRANGER))
    back_office.nothing_is_stuck(story, operator)


if __name__ == "__main__":
    sys.exit(main())
