"""Which price holds when the ERP has been asked, and how a decision is told and logged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.conflicts import Disagreement
from orders.live import LiveAnswers
from orders.rules.live import (
    DIFFERENT,
    ERP_HOLDS,
    Decision,
    Table,
    price_key,
    situation_of,
    unheard,
)
from orders.states import LiveKind, LiveRule, Situation

SUBJECTS = {
    LiveKind.PRICE: ("orders.OrderLine", "unit_price"),
    LiveKind.STOCK: ("catalog.StockLevel", "on_hand"),
    LiveKind.CREDIT: ("accounts.CreditAccount", "available"),
}


@dataclass(frozen=True)
class PricedLine:
    """A line whose price is to be decided. shown: what the buyer has seen, None if nothing.

    as_of, is_stale: of our price. What was said a moment ago is never stale: it is forgotten before."""

    sku: str
    unit_key: str
    break_quantity: Decimal
    unit_price: Decimal
    shown: Decimal | None
    as_of: datetime | None
    is_stale: bool
    has_erp_price: bool = True


def decide_prices(lines: Iterable[PricedLine], answers: LiveAnswers, table: Table) -> list[Decision]:
    """The decision on each price; `kept` is the one that holds.

    The caller shows the buyer what holds before it is ordered, unless it is lower than what he saw.
    """
    return [_price(line, answers, table) for line in lines]


def kept_prices(decisions: Iterable[Decision]) -> dict[str, Decimal]:
    """The prices that hold, by `price_key`."""
    return {
        one.key: Decimal(one.kept) for one in decisions if one.kind == LiveKind.PRICE and one.kept is not None
    }


def told_live(
    story: dict[str, Any], sku: str, unit_key: str, decisions: Iterable[Decision]
) -> dict[str, Any]:
    """A price's story with the ERP's live word on it (PRC-10, CRT-11)."""
    for one in decisions:
        if one.kind == LiveKind.PRICE and one.key == price_key(sku, unit_key):
            return {**story, "live": one.to_json()}
    return story


def _price(line: PricedLine, answers: LiveAnswers, table: Table) -> Decision:
    said = answers.price_of(line.sku, line.unit_key, line.break_quantity)
    common: dict[str, Any] = {
        "kind": LiveKind.PRICE,
        "key": price_key(line.sku, line.unit_key),
        "policy": table.version,
        "at": answers.asked_at,
        "ours": plain(line.unit_price),
        "asked": plain(line.break_quantity),
    }
    if not line.has_erp_price or LiveKind.PRICE not in answers.heard:
        rule = LiveRule.LAST_KNOWN
        return Decision(
            situation=Situation.NOT_ASKED, rule=rule, kept=common["ours"], as_of=line.as_of, **common
        )
    if said is None or said.is_remembered:
        situation = unheard(is_stale=said is None and line.is_stale)
        rule = table.rule(LiveKind.PRICE, situation)
        why = answers.why(LiveKind.PRICE) or "absent"
        price, as_of = (line.unit_price, line.as_of) if said is None else (said.unit_price, said.as_of)
        theirs = None if said is None else plain(said.unit_price)
        return Decision(
            situation=situation, rule=rule, theirs=theirs, kept=plain(price), as_of=as_of, why=why, **common
        )
    situation = situation_of(line.unit_price, said.unit_price, less_is_better=True)
    rule = table.rule(LiveKind.PRICE, situation)
    holds = situation == Situation.AGREES or rule in ERP_HOLDS
    return Decision(
        situation=situation,
        rule=rule,
        theirs=plain(said.unit_price),
        kept=plain(said.unit_price) if holds else common["ours"],
        as_of=said.as_of if holds else line.as_of,
        has_consent=situation in DIFFERENT and holds and line.shown == said.unit_price,
        **common,
    )


def sentence_of(one: Decision) -> str:
    """A decision in one English sentence, for the log: without figures, which stand with the order."""
    what = f"{one.kind} of {one.key}"
    rule = f"by rule {one.rule} of policy {one.policy}"
    if one.situation == Situation.NOT_ASKED:
        return f"The {what} is ours to say and was not asked."
    if one.situation == Situation.AGREES:
        return f"The ERP confirmed the {what}."
    if one.situation in DIFFERENT:
        winner = "the ERP's" if one.kept == one.theirs else "our"
        return f"The ERP's {what} is {one.situation} for the buyer than ours; {rule} {winner} figure holds."
    age = "of unknown age" if one.age is None else f"{int(one.age.total_seconds())} s old"
    return f"The ERP said nothing about the {what} ({one.why}); our figure is {age}; {rule}."


def disagreement_of(one: Decision, document: str) -> Disagreement:
    """A decision as a row of the log of disagreements. document: what it was decided for."""
    model, name = SUBJECTS[one.kind]
    erp_wins = one.kept == one.theirs
    return Disagreement(
        model=model,
        key=f"{document} {one.key}",
        field=name,
        kept=one.kept,
        refused=one.ours if erp_wins else one.theirs,
        winner="erp" if erp_wins else "us",
        loser="us" if erp_wins else "erp",
        rule=f"{one.kind}_{one.situation}:{one.rule} v{one.policy}",
    )


def plain(value: Decimal | None) -> str | None:
    """A figure as an exact text without needless zeros."""
    return None if value is None else f"{value.normalize():f}"
