"""Approvals, budgets and cost centres of the demo: made by its people through the actions, once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.actions.delegation import delegate_approvals
from accounts.models import Company, User
from accounts.queries.addresses import ship_to_addresses
from accounts.queries.scopes import scope_for
from accounts.scope import Scope
from catalog.queries import products_by_sku
from core.actor import Actor
from orders.actions.approval import approve_order, return_order
from orders.actions.budgets import BudgetDraft, add_cost_centre, save_budget
from orders.actions.cart import CartItem, add_line
from orders.actions.checkout import CheckoutChoice, checkout
from orders.actions.rules import RuleDraft, activate_rule, draft_rule
from orders.models import Order
from orders.queries.cart import cart_for, cart_sheet
from orders.queries.rules import rules_in_force


class Desk:
    """Who does what in the demo: people by address, companies by number. given: demo/approvals.json."""

    def __init__(self, given: dict[str, Any], people: dict[str, User], companies: dict[str, Company]) -> None:
        self.given, self.people, self.companies = given, people, companies

    def seed(self) -> None:
        """Everything, unless it is there already."""
        if rules_in_force([self.companies[rule["company"]].pk for rule in self.given["rules"]]):
            return
        for centre in self.given["cost_centres"]:
            scope, by = self.place(self.given["administrator"], centre["company"])
            add_cost_centre(scope, centre["code"], centre["name"], by=by)
        for budget in self.given["budgets"]:
            self.grant(budget)
        for rule in self.given["rules"]:
            self.rule(rule)
        for order in self.given["orders"]:
            self.order(order)
        self.delegate(self.given["delegation"])

    def place(self, email: str, number: str) -> tuple[Scope, Actor]:
        """A person acting for a company."""
        user = self.people[email]
        scope = scope_for(user.pk, self.companies[number].pk)
        return scope, Actor("portal", str(user), user_id=user.pk, on_behalf_of=number)

    def grant(self, budget: dict[str, Any]) -> None:
        """A budget."""
        scope, by = self.place(self.given["administrator"], budget["company"])
        draft = BudgetDraft(
            name=budget["name"],
            amount=Decimal(budget["amount"]),
            period=budget["period"],
            on_exceeding=budget["on_exceeding"],
            cost_centre=budget.get("cost_centre", ""),
        )
        save_budget(scope, draft, by=by)

    def rule(self, rule: dict[str, Any]) -> None:
        """A rule, in force from now on."""
        scope, by = self.place(self.given["administrator"], rule["company"])
        draft = RuleDraft(
            name=rule["name"],
            conditions=[{"kind": "amount", "over": rule["over"]}],
            steps=[self.step(step) for step in rule["steps"]],
            note=rule["note"],
            applies_below=rule["applies_below"],
        )
        made = draft_rule(scope, draft, by=by)
        activate_rule(scope, made.code, made.version, by=by)

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """A step with the ids of its people."""
        found = {"approvers": step["approvers"], "needs": "any", "remind_hours": 24, "escalate_hours": 72}
        if "who" in step:
            found["people"] = [self.people[email].pk for email in step["who"]]
        return found

    def order(self, order: dict[str, Any]) -> None:
        """An order by the cart, and what its first approver did with it."""
        made = self.placed(order)
        if "returned" in order:
            _scope, by = self.place(order["returned"]["by"], order["company"])
            return_order(made, by=by, comment=order["returned"]["comment"])
        elif "approved" in order:
            _scope, by = self.place(order["approved"]["by"], order["company"])
            approve_order(made, by=by, comment=order["approved"]["comment"])

    def placed(self, order: dict[str, Any]) -> Order:
        """The order as its buyer places it."""
        scope, by = self.place(order["by"], order["company"])
        products = products_by_sku(scope, order["lines"])
        for sku, quantity in order["lines"].items():
            piece = next(unit for unit in products[sku].units.all() if unit.numerator == unit.denominator)
            add_line(scope, CartItem(sku, Decimal(quantity), piece.key), by=by)
        cart = cart_for(scope)
        choice = CheckoutChoice(
            token=str(cart.token),
            shown_digest=cart_sheet(cart, scope).digest,
            ship_to_erp_id=ship_to_addresses(scope).order_by("pk")[0].erp_id,
            po_number=order["po_number"],
            cost_centre=order["cost_centre"],
        )
        return checkout(cart, choice, by=by)

    def delegate(self, given: dict[str, Any]) -> None:
        """Somebody stands in for an approver, from now on."""
        scope, by = self.place(given["absent"], given["company"])
        now = timezone.now()
        colleague = self.people[given["instead"]].pk
        until = now + timedelta(days=given["days"])
        delegate_approvals(scope, colleague, now, until, by=by, reason=given["reason"])
