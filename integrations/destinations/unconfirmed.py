"""Orders whose price the ERP has yet to confirm: it is asked when it is back, before they go to it (X-24)."""

from integrations import live
from integrations.failures import CallFailed, Transient
from integrations.queries import all_order_status
from integrations.systems import Message, job_actor
from orders.actions.review import hold_unconfirmed, settle_prices
from orders.queries.live import order_question
from orders.queries.orders import all_order_by_number
from orders.rules.live import price_key
from orders.states import LiveKind, OrderStatus

# What is decided on the ERP's word is ours: as the ERP's own news it would never be sent to the ERP.
JOB = "confirm-prices"


def send(message: Message) -> None:
    """Ask for the prices of one order; it goes on to the ERP, or to a person when one differs.

    Harmless when it is called again. Raises Transient while the ERP names no price.
    """
    if all_order_status(message.number) != OrderStatus.RECEIVED:
        return
    by = job_actor(JOB, message.correlation_id).acting_for(message.company_number)
    question = order_question(all_order_by_number(message.number))
    heard = live.ask_patiently(LiveKind.PRICE, question, by=by)
    prices = {price_key(price.sku, price.unit_key): price.unit_price for price in heard.prices}
    if len(prices) < len(question.lines):
        raise Transient("The ERP has named no price for some lines yet.")
    settle_prices(message.number, prices, by=by)


def bury(message: Message, failure: CallFailed) -> None:
    """An order that cannot be confirmed by itself is held for a person, with a case."""
    by = job_actor(JOB, message.correlation_id).acting_for(message.company_number)
    hold_unconfirmed(message.number, failure.reason, by=by)
