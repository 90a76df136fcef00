"""The technical user of the portal, and what it may read."""

from __future__ import annotations

from demo.erp.databases import PORTAL, REST_KEY
from demo.erp.lookups import xml_record

# Sales reads all a portal shows, save the due dates and payments: these are on the accounting lines.
READ_ONLY = (
    "account.move",
    "account.move.line",
    "account.move.reconciliation",
    "account.invoice.payment_term",
)


def portal_user(company) -> None:
    """Create the user with the rights of Sales and read access to due dates and payments."""
    from proteus import Model

    user = Model.get("res.user")(
        name="B2B portal", login=PORTAL[0], password=PORTAL[1], email="portal@nordwind.example"
    )
    Group, Access = Model.get("res.group"), Model.get("ir.model.access")
    group = Group(name="B2B portal")
    group.save()
    for model in READ_ONLY:
        Access(
            model=model,
            group=group,
            perm_read=True,
            perm_write=False,
            perm_create=False,
            perm_delete=False,
        ).save()
    limits = xml_record(
        "res.group", "account_credit_limit", "group_credit_limit"
    )  # the first limit of a newcomer
    user.groups.extend(
        [Group(xml_record("res.group", "sale", "group_sale").id), Group(limits.id), Group(group.id)]
    )
    user.companies.append(Model.get("company.company")(company.id))
    user.company = company
    user.save()
    Model.get("res.user.application")(user=user, application="rest", key=REST_KEY, state="validated").save()
