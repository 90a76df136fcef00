"""How the live questions to the ERP, and what was decided on them, read on pages."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.models import Order
from orders.queries.live import LiveSummary, live_summaries
from orders.rules.live import DIFFERENT, UNANSWERED, Decision, decisions_of
from orders.states import LiveKind, LiveRule
from portal.templatetags.accord import clock, money, qty, span, unit_price

CONFIRMED: dict[str, Any] = {
    LiveKind.PRICE: gettext_lazy("Prices confirmed by our ERP at %(time)s."),
    LiveKind.STOCK: gettext_lazy("Stock confirmed by our ERP at %(time)s."),
    LiveKind.CREDIT: gettext_lazy("Credit confirmed by our ERP at %(time)s."),
    LiveKind.ELIGIBILITY: gettext_lazy("Your licence confirmed by our ERP at %(time)s."),
}
LAST_KNOWN: dict[str, Any] = {
    LiveKind.PRICE: gettext_lazy("Prices: last known, %(age)s old."),
    LiveKind.STOCK: gettext_lazy("Stock: last known, %(age)s old."),
    LiveKind.CREDIT: gettext_lazy("Credit: last known, %(age)s old."),
    LiveKind.ELIGIBILITY: gettext_lazy("Your licence: last known, %(age)s old."),
}
DIFFERS: dict[str, Any] = {
    LiveKind.PRICE: gettext_lazy("Our ERP named another price at %(time)s."),
    LiveKind.STOCK: gettext_lazy("Our ERP named another stock at %(time)s."),
    LiveKind.CREDIT: gettext_lazy("Our ERP named another credit at %(time)s."),
    LiveKind.ELIGIBILITY: gettext_lazy("Our ERP named another licence at %(time)s."),
}
OPEN: dict[str, Any] = {
    LiveKind.PRICE: gettext_lazy("Price to be confirmed."),
    LiveKind.STOCK: gettext_lazy("Stock to be confirmed."),
    LiveKind.CREDIT: gettext_lazy("Credit to be confirmed."),
    LiveKind.ELIGIBILITY: gettext_lazy("Licence to be confirmed."),
}
AWAITED: dict[str, Any] = {
    LiveKind.PRICE: gettext_lazy(
        "Our ERP did not answer. It is asked again before it gets this order; if its price is another "
        "one, our sales team calls you first."
    ),
    LiveKind.STOCK: gettext_lazy(
        "Our ERP did not answer. What it can ship is known when it confirms the order."
    ),
    LiveKind.CREDIT: gettext_lazy("Our ERP did not answer. It decides when it confirms the order."),
    LiveKind.ELIGIBILITY: gettext_lazy("Our ERP did not answer. Our sales team asks for your licence first."),
}
WHY: dict[str, Any] = {
    "timeout": gettext_lazy("no answer in time"),
    "absent": gettext_lazy("not reached, or failed"),
    "refused": gettext_lazy("refused"),
    "nonsense": gettext_lazy("not understood"),
    "paused": gettext_lazy("not asked, it was known to be away"),
}


@dataclass(frozen=True)
class Checked:
    """One kind of question as the buyer reads it: the verdict, what it means, what differed."""

    tone: str
    verdict: str
    text: str
    notes: tuple[str, ...]


def checked_of(order: Order) -> list[Checked]:
    """What the ERP was asked when an order was placed, for its buyer; nothing if it was not asked."""
    return [_checked(summary, order) for summary in live_summaries(order)]


def is_unconfirmed(order: Order) -> bool:
    """Whether a price of it has to be confirmed before the order goes to the ERP."""
    return any(one.is_unconfirmed_price for one in decisions_of(order.live_checks))


def is_under_review(order: Order) -> bool:
    """Whether a person looks at it by the policy of checkout, and the ERP does not have it yet."""
    return any(one.is_held for one in decisions_of(order.live_checks)) and not order.erp_id


def _checked(summary: LiveSummary, order: Order) -> Checked:
    notes = tuple(_difference(one, order) for one in summary.differing)
    if summary.is_open:
        return Checked("warn", str(OPEN[summary.kind]), str(AWAITED[summary.kind]), notes)
    if summary.unanswered:
        text = _("Our ERP did not answer when you ordered.")
        confirmed, count = len(summary.confirmed), len(summary.decisions)
        if confirmed:
            text = ngettext(
                "Our ERP confirmed %(count)s of %(all)s lines.",
                "Our ERP confirmed %(count)s of %(all)s lines.",
                count,
            ) % {"count": confirmed, "all": count}
        if summary.is_held:
            text = _("%(what)s Our sales team looks at it first.") % {"what": text}
        oldest = summary.oldest
        age = span(oldest.age) if oldest else "–"
        return Checked("warn", LAST_KNOWN[summary.kind] % {"age": age}, text, notes)
    words = DIFFERS if summary.is_held else CONFIRMED
    verdict = words[summary.kind] % {"time": clock(summary.confirmed_at)}  # type: ignore[arg-type]
    tone = "warn" if summary.is_held else "good"
    text = _("Our sales team looks at the difference first.") if summary.is_held else ""
    return Checked(tone, verdict, text, notes)


def _difference(one: Decision, order: Order) -> str:
    words = {"sku": one.key.rpartition("/")[0] or one.key, **_figures(one, order)}
    if one.kind == LiveKind.PRICE:
        return _("%(sku)s: our page had %(ours)s, our ERP says %(theirs)s; ordered at %(kept)s.") % words
    if one.kind == LiveKind.STOCK:
        return _("%(sku)s: our page had %(ours)s in stock, our ERP says %(theirs)s.") % words
    return _("Free of the limit: our page had %(ours)s, our ERP says %(theirs)s.") % words


def _figures(one: Decision, order: Order) -> dict[str, str]:
    return {name: _figure(one, getattr(one, name), order) for name in ("ours", "theirs", "kept")}


def _figure(one: Decision, value: str | None, order: Order) -> str:
    if value is None:
        return _("no limit") if one.kind == LiveKind.CREDIT else "–"
    if one.kind == LiveKind.PRICE:
        return f"{order.currency} {unit_price(value)}"
    return str(money(value, order.currency) if one.kind == LiveKind.CREDIT else qty(value))


@dataclass(frozen=True)
class DecisionRow:
    """One decision for staff: what was asked, both figures, what counts, by which rule, how old."""

    decision: Decision
    ours: str
    theirs: str
    kept: str
    tone: str
    rule: str

    @property
    def why(self) -> str:
        """Why the ERP did not answer."""
        return str(WHY.get(self.decision.why, self.decision.why))


def decision_rows(order: Order) -> list[DecisionRow]:
    """Every decision on an order, for the back office (OBS-23)."""
    rows = []
    for summary in live_summaries(order):
        for one in summary.decisions:
            is_open_word = one.situation in UNANSWERED and not one.settled_at
            tone = "warn" if is_open_word or one.situation in DIFFERENT else "good"
            rule = _rule(one)
            rows.append(DecisionRow(one, **_figures(one, order), tone=tone, rule=rule))
    return rows


def _rule(one: Decision) -> str:
    if one.situation in (*UNANSWERED, *DIFFERENT):
        if one.has_consent and one.rule == LiveRule.REFUSE:
            return _("shown to the buyer, who ordered at it")
        return str(one.rule.label)
    return ""
