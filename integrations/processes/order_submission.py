"""The steps that bring an order to the ERP; each asks there by our number before it does anything (INT-38)."""

from django.db import transaction

from integrations.actions.identifiers import keep_identifiers
from integrations.connectors.tryton.writing import checking, posting, reserving
from integrations.connectors.tryton.writing.checking import Checked
from integrations.processes.queries import all_payload_of
from integrations.processes.steps import Output, Work
from integrations.systems import ERP
from orders.actions.erp import confirm_order
from orders.records import ErpOrderRecord, OrderSnapshot


def check(work: Work) -> Output:
    """The ERP knows the customer, the products and the units; its ids of them."""
    return checking.check_order(_order(work)).model_dump(mode="json")


def reserve(work: Work) -> Output:
    """The order stands there as a quotation at the agreed amounts; its id and number."""
    sale = reserving.reserve_order(_order(work), Checked.model_validate(work.given["check"]))
    return {
        "erp_id": str(sale["id"]),
        "erp_number": sale["number"] or "",
        "erp_status": sale["state"],
        "net_amount": str(sale["untaxed_amount"]),
    }


def release(work: Work) -> None:
    """The quotation is taken away there."""
    reserving.release_order(work.number)


def post(work: Work) -> Output:
    """The ERP has confirmed the order; what it took of each line."""
    return posting.post_order(_order(work)).model_dump(mode="json")


def unpost(work: Work) -> None:
    """A confirmation is taken back as long as the ERP has not begun to work on it."""
    posting.unpost_order(work.number)


@transaction.atomic
def record(work: Work) -> Output:
    """The ERP's numbers and its confirmation are written down here."""
    answer = ErpOrderRecord.model_validate(work.given["post"])
    keep_identifiers(ERP, "order", [(answer.erp_id, work.number)])
    lines = [(line.erp_id, f"{work.number}/{line.position}") for line in answer.lines]
    keep_identifiers(ERP, "order_line", lines)
    confirm_order(work.number, answer, by=work.by)
    return {"erp_id": answer.erp_id, "erp_number": answer.erp_number}


def _order(work: Work) -> OrderSnapshot:
    return OrderSnapshot.model_validate(all_payload_of(work.given["event"])["order"])
