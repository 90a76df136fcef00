"""The playbooks as the back office shows them: read from their file, so that page and file say the same."""

import re
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from integrations.flows import FLOWS
from integrations.flows.gaps import PLAYBOOKS

SECTION = re.compile(r'<a id="([\w-]+)"></a>\n## (.+)\n((?:(?!<a id=).*\n?)*)')
LEAD = re.compile(r"^(?:- )?\*\*(.+?)\*\*\s*(.*)$")
MARKS = re.compile(r"[*`]")
BUYER = "The buyer"
# Where to look for a case that no flow brought.
OF_KIND = {
    "address_refused": "addresses-out",
    "contact_refused": "addresses-out",
    "proposal_unreleased": "addresses-out",
    "customer_refused": "customers-out",
    "tax_register_silent": "tax-checks",
    "erp_refusal": "orders-out",
    "dead_letter": "orders-out",
    "order_differs": "orders-out",
    "undo_failed": "orders-out",
    "contradiction": "order-states",
    "over_shipped": "shipments",
    "mail_undelivered": "mails",
    "rising_ladder": "prices",
}


@dataclass(frozen=True)
class Playbook:
    """What to do when something calls for somebody. parts: what each paragraph is about, and what it says."""

    anchor: str
    title: str
    parts: tuple[tuple[str, str], ...]

    @property
    def for_the_buyer(self) -> str:
        """What it means for the buyer meanwhile, "" where the file does not say."""
        return dict(self.parts).get(BUYER, "")


@cache
def all_playbooks() -> dict[str, Playbook]:
    """The sections of the file by their anchors; none where an installation comes without it."""
    page = settings.BASE_DIR / PLAYBOOKS
    text = page.read_text() if page.is_file() else ""
    return {anchor: Playbook(anchor, title, _parts(body)) for anchor, title, body in SECTION.findall(text)}


@cache
def rules() -> tuple[tuple[str, str], ...]:
    """What every section leans on: the list at the file's beginning."""
    page = settings.BASE_DIR / PLAYBOOKS
    text = page.read_text() if page.is_file() else ""
    return _parts(
        "\n".join(line for line in text.partition("<a id=")[0].splitlines() if line.startswith("- "))
    )


def playbook(anchor: str) -> Playbook | None:
    """A section by its anchor."""
    return all_playbooks().get(anchor)


def anchor_for(kind: str, subject: str) -> str:
    """The anchor of the section that helps with a case, "" where none does."""
    noun, _colon, rest = subject.partition(":")
    if noun in ("flow", "row"):
        name = rest.partition(":")[0]
        return FLOWS[name].playbook if name in FLOWS else ""
    return OF_KIND.get(kind, "")


def _parts(body: str) -> tuple[tuple[str, str], ...]:
    """Paragraphs: one begins with a bold lead, or follows the one before it."""
    parts: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, body.splitlines())):
        lead = LEAD.match(line)
        if lead:
            parts.append((_plain(lead[1]).rstrip(":."), _plain(lead[2])))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {_plain(line)}".strip())
        else:
            parts.append(("", _plain(line)))
    return tuple(parts)


def _plain(text: str) -> str:
    return MARKS.sub("", text)
