"""The approval of an order as pages and the back office tell it: each step, who decided, who is next, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.scope import Scope
from accounts.seats import all_names
from accounts.states import Role
from core import amounts
from core.money import line_net
from orders.models import ApprovalDecision, ApprovalRule, ApprovalStep, Order
from orders.queries.budget import BudgetState
from orders.queries.chains import ChainView, StepView, chains_of
from orders.queries.rules import RuleView
from orders.states import Approvers, Condition, StepState
from portal.rule_names import Codes, RuleNames
from portal.templatetags.accord import age, at, money, unit_price

TONES = {"approved": "good", "rejected": "bad", "returned": "warn"}


@dataclass(frozen=True)
class StepRow:
    """One line of the chain. tone: as c-event has them; at: when it was decided, None before."""

    title: str
    note: str
    tone: str
    at: datetime | None = None
    who: str = ""


@dataclass(frozen=True)
class ChainWords:
    """A round of an approval in words. number: which one; is_open: whether it is decided on now."""

    chain: ChainView
    rows: tuple[StepRow, ...]
    is_open: bool

    @property
    def undecided(self) -> list[tuple[ApprovalStep, str]]:
        """The steps that somebody else can still be asked for, with whom they ask now."""
        steps = self.chain.steps if self.is_open else ()
        return [
            (view.step, ", ".join(view.people) or _("nobody who may decide at the moment"))
            for view in steps
            if view.step.state in (StepState.OPEN, StepState.WAITING)
        ]

    @property
    def figures(self) -> list[tuple[ApprovalDecision, dict[str, Any]]]:
        """What each who decided saw."""
        return [(row, row.figures) for row in self.chain.decisions]

    @property
    def number(self) -> int:
        """The round."""
        return self.chain.request.round


def chains_in_words(order: Order) -> list[ChainWords]:
    """All rounds of an order's approval, the newest first."""
    return [
        ChainWords(chain, tuple(_rows(chain)), chain.request.state == "open") for chain in chains_of(order)
    ]


def budgets_shown(states: Sequence[BudgetState], order: Order) -> list[tuple[BudgetState, Decimal]]:
    """Budgets as they stand without an order, each with by how much the order exceeds it."""
    return [(one, one.figures.exceeded_by(order.net_amount)) for one in states]


def changes_shown(order: Order, changes: Sequence[Mapping[str, Any]], confirm: str) -> dict[str, Any]:
    """Prices that are others now, with the line and the order before and after, net."""
    lines = {line.position: line for line in order.lines.all()}
    rows, net_now = [], order.net_amount
    for one in changes:
        line = lines[one["position"]]
        now = line_net(line.ordered, Decimal(one["now"]), price_unit=line.price_unit, currency=order.currency)
        net_now += now - line.net_amount
        rows.append({**one, "net_was": line.net_amount, "net_now": now})
    return {"changes": rows, "net_now": net_now, "confirm": confirm}


def _rows(chain: ChainView) -> list[StepRow]:
    rows: list[StepRow] = []
    told: set[int] = set()
    several = len({view.step.stage for view in chain.steps}) > 1
    for view in chain.steps:
        # One answer to several steps is told once.
        rows += [_decided(row, view.step) for row in view.decisions if row.pk not in told]
        told |= {row.pk for row in view.decisions}
        if view.step.state in (StepState.OPEN, StepState.WAITING):
            rows.append(_asked(view, several))
    return rows


def _decided(row: ApprovalDecision, step: ApprovalStep) -> StepRow:
    title = f"{row.actor_label}: {row.get_outcome_display().lower()}"
    if row.instead_of:
        title = _("%(person)s for %(absent)s: %(outcome)s") % {
            "person": row.actor_label,
            "absent": row.instead_of,
            "outcome": row.get_outcome_display().lower(),
        }
    notes = [row.comment or rule_words(step), _taken(row.figures.get("changes") or [])]
    return StepRow(title, " · ".join(filter(None, notes)), TONES[row.outcome], row.at, "")


def _taken(changes: Sequence[Mapping[str, Any]]) -> str:
    """The prices that were others when somebody approved, and were taken."""
    if not changes:
        return ""
    if amounts.are_hidden():
        return _("at prices that had changed since")
    rows = [f"{one['sku']} {unit_price(one['was'])} → {unit_price(one['now'])}" for one in changes]
    return _("at new prices: %(rows)s") % {"rows": ", ".join(rows)}


def _asked(view: StepView, several: bool) -> StepRow:
    step = view.step
    several_words = _(" and ") if step.needs_all else _(" or ")
    names = several_words.join(view.people) or _("nobody who may decide at the moment")
    if step.state == StepState.WAITING:
        return StepRow(
            _("Step %(stage)s: %(people)s") % {"stage": step.stage, "people": names}, rule_words(step), "next"
        )
    words = {"people": names, "stage": step.stage}
    text = _("Waits for all of %(people)s") if step.needs_all else _("Waits for %(people)s")
    title = (_("Step %(stage)s: ") % words if several else "") + text % words
    notes = [rule_words(step)]
    if step.escalated_at:
        notes.append(
            _("since %(when)s everybody who may approve decides, as nobody had in time")
            % {"when": at(step.escalated_at)}
        )
    elif step.due_at:
        notes.append(_("undecided %(when)s, everybody who may approve decides") % {"when": at(step.due_at)})
    if step.opened_at:
        notes.append(_("waiting for %(old)s") % {"old": age(step.opened_at)})
    return StepRow(title, " · ".join(notes), "work")


def asked_words(steps: Sequence[ApprovalStep], names: Mapping[int, str]) -> str:
    """Whom steps that are decided on ask, by their own word: people, roles, or whoever may approve. names: by id."""
    told = []
    for step in steps:
        who = [names.get(pk, "–") for pk in step.people] + [str(Role(role).label) for role in step.roles]
        joined = (_(" and ") if step.needs_all else _(" or ")).join(who)
        told.append(_("everybody who may approve") if step.any_approver or step.escalated_at else joined)
    return ", ".join(dict.fromkeys(one for one in told if one))


def rule_words(step: ApprovalStep) -> str:
    """Which rule asks, with its version."""
    if not step.rule_version:
        return step.rule_name
    return _("%(rule)s, version %(version)s") % {"rule": step.rule_name, "version": step.rule_version}


@dataclass(frozen=True)
class RuleRow:
    """A rule as its list shows it. is_own: of the acting company; waits: a draft or one to come."""

    view: RuleView
    conditions: tuple[str, ...]
    steps: tuple[str, ...]
    is_own: bool


def rule_rows(views: Sequence[RuleView], scope: Scope) -> list[RuleRow]:
    """Rules in words: when they ask, and whom; as somebody who manages the company may read them."""
    things = RuleNames(scope, [one for view in views for one in view.shown.conditions])
    people = _people_of([view.shown for view in views])
    return [
        RuleRow(
            view,
            condition_words(view.shown, things, scope.currency),
            _step_words(view.shown, people),
            view.shown.company_id == scope.company_id,
        )
        for view in views
    ]


def version_in_words(rule: ApprovalRule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A version for the staff: when it asks, and whom, step by step."""
    return condition_words(rule, Codes(), rule.company.currency), _step_words(rule, _people_of([rule]))


def _people_of(rules: Sequence[ApprovalRule]) -> dict[int, str]:
    return all_names({pk for rule in rules for step in rule.steps for pk in step.get("people", [])})


def condition_words(rule: ApprovalRule, things: RuleNames | Codes, currency: str) -> tuple[str, ...]:
    """When a version asks; one that names nothing asks for every order."""
    return tuple(_condition(one, things, currency) for one in rule.conditions) or (_("every order"),)


def _step_words(rule: ApprovalRule, people: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(_step(one, people) for one in rule.steps)


def _condition(one: Mapping[str, Any], names: RuleNames | Codes, currency: str) -> str:
    label = str(Condition(one["kind"]).label)
    if one["kind"] == Condition.AMOUNT:
        return f"{label}: {money(Decimal(one['over']), currency)}"
    values = one.get("over") or names.words(one)
    return f"{label}: {values}" if values else label


def _step(step: Mapping[str, Any], names: Mapping[int, str]) -> str:
    kind = step["approvers"]
    who = str(Approvers(kind).label)
    if kind == Approvers.ROLE:
        who = ", ".join(str(Role(role).label) for role in step["roles"])
    elif kind == Approvers.PERSON:
        who = ", ".join(names.get(int(pk), "?") for pk in step["people"])
    return _("all of %(people)s") % {"people": who} if step.get("needs") == "all" else who
