"""Taking in what the ERP said about a document before it is ordered, by the policy in force."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.actions.erp import apply_approval_words, apply_credit
from accounts.models import Company
from accounts.queries.lines import lineage_of
from accounts.segments import ages_judged_for
from catalog.actions.stock import take_told_stock
from catalog.availability import WarehouseAvailability, availability
from catalog.models import Product
from core import conflicts
from core.actor import Actor, action
from core.logging import get_logger
from core.money import ZERO
from orders.live import LiveAnswers, LiveQuestion
from orders.queries.credit import CreditOutlook, all_credit_outlook
from orders.queries.live import checkout_table
from orders.rules.confirm import disagreement_of, plain, sentence_of
from orders.rules.live import DIFFERENT, ERP_HOLDS, Decision, Table, check_confirmed, situation_of, unheard
from orders.states import LiveKind, LiveRule

logger = get_logger(__name__)


@dataclass(frozen=True)
class Confirmation:
    """What the ERP was asked and said about a document, and what is decided on it so far.

    Stock and credit are decided when the answer is taken in; prices where the order is made, under the
    cart's lock. told: facts that the buyer need not be shown again, as (SKU, name of ShownLine).
    """

    answers: LiveAnswers
    table: Table
    decisions: tuple[Decision, ...] = ()
    told: frozenset[tuple[str, str]] = field(default_factory=frozenset)


@action
def take_in(company: Company, question: LiveQuestion, answers: LiveAnswers, *, by: Actor) -> Confirmation:
    """Compare stock and credit with what we knew, and take over what the policy lets the ERP decide.

    Whether it wants an approval is its word alone (APR-12); unheard, our last known word of it counts.

    The ERP's figures come in as its facts, by the same actions as from its flows: what is checked afterwards
    under the locks is checked against them. Raises NotConfirmed where the policy demands a word that did
    not come. Source: X-03, X-24, INT-29.
    """
    table = checkout_table(company)
    with ages_judged_for(lambda: lineage_of(company.pk)):
        stock, told = _stock(question, answers, table, by)
        credit = _credit(company, question, answers, table, by)
    if LiveKind.CREDIT in answers.heard:
        apply_approval_words(answers.heard[LiveKind.CREDIT].approvals, by=_flow("erp.live-credit", by))
    check_confirmed([*stock, *credit])
    return Confirmation(answers, table, (*stock, *credit), told)


def _stock(
    question: LiveQuestion, answers: LiveAnswers, table: Table, by: Actor
) -> tuple[list[Decision], frozenset[tuple[str, str]]]:
    """The decisions on stock in the warehouse that the goods would leave, by product."""
    if LiveKind.STOCK not in answers.heard or not question.warehouse_code:
        return [], frozenset()
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for line in question.lines:
        wanted[line.sku] += line.quantity_base
    known = _known_stock(wanted, question.warehouse_code)
    said = {record.sku: record for record in answers.heard[LiveKind.STOCK].stock}
    decisions, taken, told = [], [], set()
    for sku, quantity in wanted.items():
        ours, record_ = known.get(sku), said.get(sku)
        cover = min(ours.promised if ours else ZERO, quantity)
        common: dict[str, Any] = {
            "kind": LiveKind.STOCK,
            "key": sku,
            "policy": table.version,
            "at": answers.asked_at,
            "ours": plain(ours.on_hand if ours else None),
            "asked": plain(quantity),
        }
        if record_ is None:
            situation = unheard(is_stale=ours is None or ours.is_stale)
            rule = table.rule(LiveKind.STOCK, situation)
            last = {"as_of": ours.as_of if ours else None, "kept": common["ours"]}
            why = answers.why(LiveKind.STOCK)
            decisions.append(Decision(situation=situation, rule=rule, why=why, **last, **common))
            continue
        free = max(record_.on_hand - (ours.reserved if ours else ZERO), ZERO)
        situation = situation_of(cover, min(free, quantity), less_is_better=False)
        rule = table.rule(LiveKind.STOCK, situation)
        holds = rule in ERP_HOLDS or rule == LiveRule.HOLD
        if holds:
            taken.append(record_)
        if situation in DIFFERENT and rule in (LiveRule.TAKE_ERP, LiveRule.HOLD):
            told.add((sku, "backordered"))
        decisions.append(
            Decision(
                situation=situation,
                rule=rule,
                theirs=plain(record_.on_hand),
                kept=plain(record_.on_hand) if holds else common["ours"],
                as_of=record_.as_of if holds else ours.as_of if ours else None,
                **common,
            )
        )
    if taken:
        take_told_stock(taken, by=_flow("erp.live-stock", by))
    return decisions, frozenset(told)


def _known_stock(skus: Iterable[str], warehouse: str) -> dict[str, WarehouseAvailability]:
    products = dict(Product.objects.filter(sku__in=list(skus)).values_list("pk", "sku"))
    return {
        products[product]: row
        for product, rows in availability(products).items()
        for row in rows
        if row.warehouse.code == warehouse
    }


def _credit(
    company: Company, question: LiveQuestion, answers: LiveAnswers, table: Table, by: Actor
) -> list[Decision]:
    """The decision on credit: what is free of the limit, by our figures and by the ERP's."""
    if LiveKind.CREDIT not in answers.heard or not question.credit_numbers:
        return []
    before = all_credit_outlook(company, question.gross_amount)
    owner = question.credit_numbers[0]
    said = {record.company_number: record for record in answers.heard[LiveKind.CREDIT].credit}
    common: dict[str, Any] = {
        "kind": LiveKind.CREDIT,
        "key": owner,
        "policy": table.version,
        "at": answers.asked_at,
        "ours": plain(before.figures.available),
        "asked": plain(question.gross_amount),
    }
    if not set(question.credit_numbers) <= set(said) or said[owner].currency != company.currency:
        situation = unheard(is_stale=before.is_stale)
        rule = table.credit_rule(situation, before.figures.open_amount + question.gross_amount)
        why = answers.why(LiveKind.CREDIT) or "absent"
        last = {"as_of": before.as_of, "kept": common["ours"]}
        return [Decision(situation=situation, rule=rule, why=why, **last, **common)]
    theirs = _available(before, said[owner].limit_amount, [one.used_amount for one in said.values()])
    situation = situation_of(before.figures.available, theirs, less_is_better=False)
    rule = table.rule(LiveKind.CREDIT, situation)
    holds = rule in ERP_HOLDS
    if holds:
        apply_credit(list(said.values()), by=_flow("erp.live-credit", by))
    kept = theirs if holds else before.figures.available
    as_of = min(one.as_of for one in said.values()) if holds else before.as_of
    return [
        Decision(
            situation=situation, rule=rule, theirs=plain(theirs), kept=plain(kept), as_of=as_of, **common
        )
    ]


def _available(outlook: CreditOutlook, limit: Decimal | None, used: list[Decimal]) -> Decimal | None:
    return None if limit is None else limit - sum(used, ZERO) - outlook.figures.open_amount


def keep_disagreements(decisions: Iterable[Decision], *, document: str, by: Actor) -> None:
    """Write down every disagreement with its winner and rule, and say each decision in the log (OBS-23).

    document: number of the order; of the company where no order came of it.
    """
    decisions = list(decisions)
    if not decisions:
        return
    conflicts.note_all(
        [disagreement_of(one, document) for one in decisions if one.situation in DIFFERENT], by=by
    )
    for one in decisions:
        logger.info(
            "checkout.decided",
            subject=document,
            kind=str(one.kind),
            outcome=str(one.situation),
            reason=str(one.rule),
            message=sentence_of(one),
        )


def _flow(name: str, by: Actor) -> Actor:
    """The identity of a live question: its own, with the request's correlation id (SEC-01)."""
    return Actor(
        f"flow:{name}", "ERP", on_behalf_of=by.on_behalf_of, system="erp", correlation_id=by.correlation_id
    )
