"""Flows of companies that register: what a register says of their tax ids, and admitted ones on their way to the ERP."""

from django.utils.translation import gettext_lazy as _

from accounts.records import CompanyAdmitted, RegistrationAsked
from accounts.staff import SALES_MANAGER
from integrations.flows.definition import AlertRule, Flow, minutes, seconds
from integrations.states import ConflictRule, Direction, Pattern
from integrations.systems import ERP, TAX

REGISTRATIONS = (
    Flow(
        "tax.checks",
        _("VAT numbers of companies that register"),
        TAX,
        seconds(1),
        minutes(60),
        "tax_checks",
        Direction.OUT,
        Pattern.EVENT,
        destination="tax-register",
        full_every=None,
        contract=(RegistrationAsked,),
        mapping="integrations.connectors.tax_register.mapping.word",
        conflict=ConflictRule.ANSWER,
        steward=SALES_MANAGER,
        alert=AlertRule(minutes(240), 20, 50),
        tests="tests/integrations/test_tax_register.py",
        playbook="tax-checks",
        phase=2,
    ),
    Flow(
        "erp.customers-out",
        _("Customers that were admitted here"),
        ERP,
        seconds(1),
        minutes(15),
        "customers_out",
        Direction.OUT,
        Pattern.EVENT,
        destination="erp-customers",
        full_every=None,
        contract=(CompanyAdmitted,),
        mapping="integrations.connectors.tryton.writing.customers.write_customer",
        writes=("accounts.Company",),
        conflict=ConflictRule.ANSWER,
        steward=SALES_MANAGER,
        alert=AlertRule(minutes(60), 5, 50),
        tests="tests/integrations/test_admitted_customers.py",
        playbook="customers-out",
    ),
)
