"""What the first page of the back office shows to sales: whose turn it is, and until when."""

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Registration
from accounts.proposals import ProposalState
from accounts.queries.proposals import Proposed, proposed_at
from core.days import erp_today
from core.queries import all_newest_causes
from portal.admin.customers import customers_for
from portal.admin.desk import Fact, Panel, Task
from portal.admin.sales.counts import desk_for, registrations_waiting
from portal.templatetags.accord import age, money, on
from quotes.models import Rfq
from quotes.queries.desk import Desk
from quotes.queries.work import DeskWork, OpenQuote, desk_work
from quotes.states import QuoteStatus

SHOWN = 8
SOON = timedelta(days=3)


def work_of(request: HttpRequest) -> tuple[list[Fact], list[Panel]]:
    """The desk of the person who asks; nothing for whoever is not of the sales staff."""
    desk = desk_for(request)
    if desk is None:
        return [], []
    facts, panels = sales_desk(desk)
    proposed = proposed_at(customers_for(request))
    return facts, [*_registrations(registrations_waiting(request)), *panels, *_proposals(proposed)]


def sales_desk(desk: Desk) -> tuple[list[Fact], list[Panel]]:
    """Facts and panels of a desk: a manager's approvals first, then by whose turn it is."""
    work = desk_work(desk)
    waiting = [item for item in work.in_state(QuoteStatus.IN_APPROVAL) if _may_decide(desk, item)]
    sent = sorted(work.in_state(QuoteStatus.SENT), key=lambda item: str(item.revision.valid_until))
    mine = _mine(work)
    panels = [
        _panel(
            _("Waits for you"), mine, _("Nothing waits for you"), _("New requests and answers appear here.")
        ),
        _panel(
            _("In your hands"),
            [
                _quote_task(item, _("Draft"), "edit", _("Not submitted yet"), _("Continue"))
                for item in work.drafts
            ],
            _("No drafts"),
            _("A quote that was begun and not sent stands here."),
        ),
        _panel(
            _("With the buyers"),
            [_sent_task(item) for item in sent],
            _("No open offers"),
            _("Offers stand here until they are answered or run out."),
        ),
    ]
    if desk.is_manager:
        tasks = [_approval_task(item, _("Decide")) for item in waiting]
        panels.insert(
            0, _panel(_("Approvals"), tasks, _("No approval waits"), _("Quotes that a rule asks about."))
        )
    else:
        asked = [_approval_task(item, _("Look")) for item in work.in_state(QuoteStatus.IN_APPROVAL)]
        panels.insert(2, _panel(_("With the manager"), asked, _("Nothing is in approval"), ""))
    return _facts(desk, work, len(waiting)), panels


def _registrations(waiting: list[Registration]) -> list[Panel]:
    """Companies that ask to become customers, while any waits for this person."""
    tasks = [
        Task(
            kind=_("Registration"),
            icon="user-check",
            href=reverse("admin:accounts_registration_page", args=[found.pk]),
            title=found.company_name,
            why=f"{found.tax_id}: {found.get_tax_answer_display()}",
            verb=_("Decide"),
            until=_("for %(age)s") % {"age": age(found.confirmed_at)},
        )
        for found in waiting
    ]
    title, href = _("Registrations"), reverse("admin:accounts_registration_changelist")
    return [Panel(title=title, tasks=tasks[:SHOWN], total=len(tasks), href=href)] if tasks else []


def _proposals(found: list[Proposed]) -> list[Panel]:
    """Addresses and contact data that own customers would like, while there are any: whoever was refused waits for a call."""
    causes = all_newest_causes(one.subject for one in found)
    tasks = [
        Task(
            kind=one.proposal.get_state_display(),
            icon="map-pin",
            href=reverse("admin:accounts_company_change", args=[one.company.pk]),
            title=f"{one.company.name}: {one.what}",
            why=" · ".join(filter(None, (one.wish, causes.get(one.subject, "")))),
            verb=_("Call") if one.proposal.state == ProposalState.REFUSED else _("Look"),
            until=_("for %(age)s") % {"age": age(one.proposal.proposed_at)},
            edge="edge" if one.proposal.state == ProposalState.REFUSED else "",
        )
        for one in sorted(found, key=lambda one: one.proposal.state != ProposalState.REFUSED)
    ]
    return [Panel(title=_("Proposed by customers"), tasks=tasks[:SHOWN], total=len(tasks))] if tasks else []


def _may_decide(desk: Desk, item: OpenQuote) -> bool:
    return desk.is_manager and item.may_be_approved_by(desk.user_id)


def _facts(desk: Desk, work: DeskWork, approvals: int) -> list[Fact]:
    facts = [
        Fact(_("New requests"), str(len(work.new_rfqs)), _oldest(work.new_rfqs)),
        Fact(_("Drafts"), str(len(work.drafts) + len(work.returned))),
        Fact(_("In approval"), str(len(work.in_state(QuoteStatus.IN_APPROVAL)))),
        Fact(_("With the buyers"), str(len(work.in_state(QuoteStatus.SENT))), _worth(work)),
    ]
    return [Fact(_("Waiting for your approval"), str(approvals)), *facts] if desk.is_manager else facts


def _oldest(rfqs: Iterable[Rfq]) -> str:
    first = next(iter(rfqs), None)
    return _("the oldest %(age)s ago") % {"age": age(first.submitted_at)} if first else ""


def _worth(work: DeskWork) -> str:
    sums: dict[str, list[OpenQuote]] = {}
    for item in work.in_state(QuoteStatus.SENT):
        sums.setdefault(item.quote.currency, []).append(item)
    return " · ".join(
        money(sum(item.net_amount for item in items), currency) for currency, items in sorted(sums.items())
    )


def _mine(work: DeskWork) -> list[Task]:
    """Requests, answers of buyers, returns and approvals that can be sent."""
    return [
        *(_rfq_task(rfq) for rfq in work.new_rfqs),
        *(
            _quote_task(
                item, _("Buyer asks"), "message-question", item.revision.buyer_comment, _("Revise"), "edge"
            )
            for item in work.in_state(QuoteStatus.CHANGE_REQUESTED)
        ),
        *(
            _quote_task(item, _("Returned"), "arrow-back-up", item.returned_with, _("Change"), "edge")
            for item in work.returned
        ),
        *(
            _quote_task(item, _("Approved"), "circle-check", _("Ready to be sent"), _("Send"))
            for item in work.in_state(QuoteStatus.APPROVED)
        ),
        *(
            _quote_task(item, _("Expired"), "clock-exclamation", _("Not answered in time"), _("Renew"))
            for item in work.in_state(QuoteStatus.EXPIRED)
        ),
    ]


def _rfq_task(rfq: Rfq) -> Task:
    lines = getattr(rfq, "line_count", 0)
    why = ngettext("%(count)s line", "%(count)s lines", lines) % {"count": lines}
    if rfq.note:
        why = f"{why} · “{rfq.note[:120]}”"
    return Task(
        kind=_("Request"),
        icon="message-plus",
        href=reverse("admin:quotes_rfq_page", args=[rfq.number]),
        title=f"{rfq.number} · {rfq.company}",
        why=why,
        verb=_("Price"),
        until=_("for %(age)s") % {"age": age(rfq.submitted_at)},
    )


def _quote_task(item: OpenQuote, kind: str, icon: str, why: str, verb: str, edge: str = "") -> Task:
    quote = item.quote
    return Task(
        kind=kind,
        icon=icon,
        href=reverse("admin:quotes_quote_page", args=[quote.number]),
        title=f"{quote.number} · {quote.company}",
        why=why[:160],
        verb=verb,
        amount=money(item.net_amount, quote.currency),
        until=_("for %(age)s") % {"age": age(quote.updated_at)},
        edge=edge,
    )


def _approval_task(item: OpenQuote, verb: str) -> Task:
    asked = item.approval.asked_at if item.approval else item.quote.updated_at
    reasons = len(item.approval.reasons) if item.approval else 0
    return Task(
        kind=_("Approval"),
        icon="scale",
        href=reverse("admin:quotes_quote_approval", args=[item.quote.number]),
        title=f"{item.quote.number} · {item.quote.company}",
        why=ngettext("%(count)s rule asks, from %(person)s", "%(count)s rules ask, from %(person)s", reasons)
        % {"count": reasons, "person": item.approval.actor_label if item.approval else item.quote.owner},
        verb=verb,
        amount=money(item.net_amount, item.quote.currency),
        until=_("for %(age)s") % {"age": age(asked)},
    )


def _sent_task(item: OpenQuote) -> Task:
    last, today = item.revision.valid_until, erp_today()
    seen = _("Opened %(age)s ago") % {"age": age(item.revision.first_seen_at)}
    edge = ""
    if last is not None and last < today + SOON:
        edge = "edge-bad" if last < today else "edge"
    return Task(
        kind=_("Sent"),
        icon="send",
        href=reverse("admin:quotes_quote_page", args=[item.quote.number]),
        title=f"{item.quote.number} · {item.quote.company}",
        why=seen if item.revision.first_seen_at else _("Not opened yet"),
        verb=_("Open"),
        amount=money(item.net_amount, item.quote.currency),
        until=_("valid through %(day)s") % {"day": on(last)},
        edge=edge,
    )


def _panel(title: str, tasks: list[Task], empty: str, note: str) -> Panel:
    return Panel(title=title, tasks=tasks[:SHOWN], total=len(tasks), empty=empty, empty_note=note)
