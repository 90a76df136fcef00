"""What the first page of the back office shows to finance: the customers whose orders are all refused, and why."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.listing import counts
from accounts.models import CreditAccount
from accounts.queries.credit import all_shut_accounts
from portal.admin.desk import Fact, Panel, Task
from portal.templatetags.accord import at, money

# Of finance alone, and known already where the sidebar has asked for it.
RIGHT = "orders.change_cachedcredit"
SHOWN = 8


def work_of(request: HttpRequest) -> tuple[list[Fact], list[Panel]]:
    """The desk of finance; nothing for whoever is not of it. Two statements."""
    if not request.user.has_perm(RIGHT):
        return [], []
    rows = all_shut_accounts()
    found = counts({"shut": rows})["shut"]
    panel = Panel(
        title=_("No order goes through"),
        tasks=[_task(account) for account in rows[:SHOWN]],
        total=found.number,
        empty=_("Every customer may order"),
        empty_note=_("Customers with a limit of zero, or on hold, stand here. Limits are set in the ERP."),
    )
    return [], [panel]


def _task(account: CreditAccount) -> Task:
    company = account.company
    held = account.is_on_hold or company.status == company.Status.ON_HOLD
    why = (
        _("It is on hold: lift that in the ERP, or leave it.")
        if held
        else _("The limit is zero, so the checkout refuses every order until the ERP has one.")
    )
    return Task(
        kind=_("On hold") if held else _("No limit yet"),
        icon="alert-triangle",
        href=reverse("admin:accounts_company_change", args=[company.pk]),
        title=f"{company.name} · {company.number}",
        why=why,
        amount=_("%(amount)s owed") % {"amount": money(account.used_amount, account.currency)},
        until=_("as of %(time)s") % {"time": at(account.as_of)},
        verb=_("Look"),
        edge="edge",
    )
