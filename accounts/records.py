"""What accounts takes from feeds: customers, their addresses, terms and credit, as the ERP states them."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import Field, model_validator

from accounts.proposals import CONTACT_FIELDS, FIELDS
from accounts.registrations import TYPED
from core import audit, ownership
from core.records import Payload, Record, describe
from core.rows import RowChanged


class PaymentTermRecord(Record):
    """A payment term. net_days: days from the invoice date to the due date."""

    code: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=100)
    net_days: int = Field(ge=0)
    erp_id: str


class AddressRecord(Record):
    """A place of a customer. erp_id: the ERP's key of the address; country: ISO 3166 alpha-2.

    ship_to_code, bill_to_code: its numbers in these roles, "" where it has none of its own (ACC-04).
    """

    erp_id: str = Field(min_length=1, max_length=60)
    name: str = Field(default="", max_length=200)
    street: str = Field(default="", max_length=300)
    postal_code: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=100)
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    is_ship_to: bool
    is_bill_to: bool
    ship_to_code: str = Field(default="", max_length=60)
    bill_to_code: str = Field(default="", max_length=60)


class CustomerRecord(Record):
    """A customer with all its addresses. parent_number: the company it is a branch of.

    payment_term_code: None means as the parent. invoice_contact, invoice_email: who gets the invoices.
    needs_approval: its orders are to be approved before they are sent (APR-12). as_of: the ERP's clock when it
    was read.
    """

    number: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=200)
    parent_number: str | None = None
    status: str = Field(pattern=r"^(active|on_hold|closed)$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    tax_id: str = Field(default="", max_length=30)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=60)
    invoice_contact: str = Field(default="", max_length=120)
    invoice_email: str = Field(default="", max_length=254)
    needs_approval: bool = False
    payment_term_code: str | None = None
    erp_id: str = Field(min_length=1, max_length=60)
    as_of: datetime
    addresses: tuple[AddressRecord, ...] = ()


class LicenceRecord(Record):
    """A licence that a customer has shown there. kind_code: of a kind that we have given a meaning.

    valid_from, valid_until: days of the ERP's zone, half open; None where there is no such end (ENT-05).
    """

    company_number: str = Field(min_length=1, max_length=40)
    kind_code: str = Field(min_length=1, max_length=40)
    number: str = Field(min_length=1, max_length=80)
    valid_from: date | None = None
    valid_until: date | None = None
    is_withdrawn: bool = False
    as_of: datetime

    @model_validator(mode="after")
    def some_days(self) -> "LicenceRecord":
        """Refuse one that was never valid."""
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_until: it ends before it begins")
        return self


class ApprovalWordRecord(Record):
    """Whether the ERP wants a customer's orders approved, asked for by itself (APR-12). as_of: by its clock."""

    company_number: str = Field(min_length=1, max_length=40)
    needs_approval: bool
    as_of: datetime


class CreditRecord(Record):
    """What a customer owes and may owe, with tax. limit_amount: None is no limit, zero no credit."""

    company_number: str = Field(min_length=1, max_length=40)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    limit_amount: Decimal | None = Field(default=None, ge=0)
    used_amount: Decimal
    is_on_hold: bool = False
    as_of: datetime


class MemberEnrolled(Payload):
    """Somebody who may act for a company from now on. user: the key of the person."""

    user: int
    roles: tuple[str, ...]


class MemberEnded(MemberEnrolled):
    """Somebody whose access to a company has ended. reason: in the words of who ended it, empty where none was given."""

    reason: str = ""


class Invitee(Payload):
    """Who is invited. locale: of the mail."""

    name: str
    email: str
    locale: str


class MemberInvited(Payload):
    """Somebody is asked to join a company. invitation: its key; the link is made of it when it is mailed."""

    invitation: str
    person: Invitee
    company_name: str
    invited_by: str


class PasswordForgotten(Payload):
    """A new password was asked for. user: the key of the person; the link is made of it when it is mailed."""

    user: int
    person: Invitee


class RegistrationTold(Payload):
    """Somebody has typed a registration; the mail that follows is all that differs between known and unknown people."""

    person: Invitee
    company_name: str


class RegistrationSubmitted(RegistrationTold):
    """A registration whose address is to be confirmed. registration_key: the link is made of it when it is mailed."""

    registration_key: str


class RegistrationAsked(Payload):
    """A company that asks to become a customer, by the key of the registration; nobody is named."""

    registration: int
    company_name: str
    country: str
    tax_id: str


class RegistrationApproved(RegistrationTold):
    """A registration was let in. invitation: its key; the link is made of it when it is mailed."""

    registration: int
    invitation: str
    company_number: str
    roles: tuple[str, ...]


class RegistrationRejected(RegistrationTold):
    """A registration was not let in, and why, in words for the person."""

    registration: int
    reason: str


class CompanyAdmitted(Payload):
    """A new customer that the ERP does not know yet. country: ISO 3166 alpha-2; tax_id: as it is kept here.

    parent_number: the customer that it is a branch of, "" for none. payment_term_code: "" as the parent.
    credit_limit_amount: with tax, the first limit, which is the ERP's from then on; None as the parent.
    """

    company_number: str
    name: str
    parent_number: str
    payment_term_code: str
    country: str
    tax_id: str
    street: str
    postal_code: str
    city: str
    email: str
    phone: str
    credit_limit_amount: Decimal | None = Field(default=None, ge=0)


class CompanyPlaced(Payload):
    """A customer that the ERP does not know yet hangs below another one now, "" for none."""

    parent_number: str


class CompanyOpened(RegistrationTold):
    """The ERP has the customer: it may order."""

    registration: int


describe(RegistrationTold, "registration.known", "registration.repeated")
describe(RegistrationSubmitted, "registration.submitted")
describe(RegistrationAsked, "registration.confirmed", "registration.register_asked")
describe(RegistrationApproved, "registration.approved")
describe(RegistrationRejected, "registration.rejected")
describe(CompanyAdmitted, "company.admitted")
describe(CompanyOpened, "company.opened")
describe(CompanyPlaced, "company.placed")


class AddressProposed(Payload):
    """A buyer would like an address changed, or a further one. proposal: its key here.

    erp_id: the ERP's key of the address, "" for a further one.
    """

    proposal: int
    company_number: str
    erp_id: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    is_ship_to: bool
    is_bill_to: bool


class ContactProposed(Payload):
    """A buyer would like the contact data of a company changed (ACC-11). proposal: its key here.

    changes: {name of a field of CustomerRecord: what it is to be, "" for none}.
    """

    proposal: int
    company_number: str
    changes: dict[str, str]


class PersonTold(Payload):
    """Somebody whom a mail names or goes to."""

    name: str
    email: str
    locale: str


class ProposalTold(Payload):
    """People of a company hear of a proposed change (ACC-11): who releases it, or who proposed it.

    proposal: its key here. buyer: who proposed it. to: who is told, nobody where our own people decide. wish: what is
    asked for, in words. decided_by: who released or declined it. reason: why it was declined.
    """

    proposal: int
    company_number: str
    company_name: str
    buyer: PersonTold
    to: tuple[PersonTold, ...]
    wish: str
    decided_by: str = ""
    reason: str = ""


describe(ProposalTold, "proposal.requested", "proposal.released", "proposal.declined")
describe(AddressProposed, "address.proposed")
describe(ContactProposed, "contact.proposed")
describe(MemberEnrolled, "member.enrolled", "member.changed")
describe(MemberEnded, "member.ended")
describe(MemberInvited, "member.invited")
describe(PasswordForgotten, "password.forgotten")


class StaffRolesAssigned(Payload):
    """The roles of a person of the staff have changed. user: the key of the person; was: the roles before."""

    user: int
    roles: tuple[str, ...]
    was: tuple[str, ...]


class Assisted(Payload):
    """Somebody of the staff begins or ends to act for a buyer. user, principal: the keys of the two people."""

    assistance: int
    user: int
    principal: int
    reason: str
    ends_at: datetime


class SecondFactorRequired(Payload):
    """Whether a company asks everybody who acts for it for a second factor."""

    is_required: bool


describe(SecondFactorRequired, "company.second_factor_required")


class PartnerLetIn(Payload):
    """A partner may use the back office until then, for these customers. user: the key of the person."""

    user: int
    customers: tuple[str, ...]
    until: datetime


describe(PartnerLetIn, "partner.let_in")
describe(StaffRolesAssigned, "staff.roles_assigned")
describe(RowChanged, "licence.changed")
describe(Assisted, "assistance.started", "assistance.stopped")
ownership.declare("accounts.PaymentTerm", erp=["code", "name", "net_days", "erp_id"])
ownership.declare(
    "accounts.Company",
    erp=[
        "number",
        "name",
        "parent",
        "status",
        "currency",
        "tax_id",
        *CONTACT_FIELDS,
        "needs_approval",
        "payment_term",
        "erp_id",
        "as_of",
    ],
    us=["sales_rep", "needs_po_number", "requires_second_factor", "merged_into"],
)
ownership.declare(
    "accounts.AddressProposal",
    us=["company", "address", *FIELDS, "proposed_by", "proposed_at", "decided_by"],
    erp=["state", "reason", "erp_id", "sent_at", "settled_at"],
)
ownership.declare(
    "accounts.SignInConnection",
    us=["company", "key", "name", "issuer", "client_id", "secret_name", "is_only_way", "newcomers"],
)
ownership.declare(
    "accounts.ContactProposal",
    us=["company", "changes", "was", "proposed_by", "proposed_at", "decided_by"],
    erp=["state", "reason", "sent_at", "settled_at"],
)
ownership.declare("accounts.Registration", us=[*TYPED, "state", "tax_answer", "company", "sales_rep"])
LICENCE_FIELDS = ("company", "kind", "number", "valid_from", "valid_until", "is_withdrawn", "system", "as_of")
ownership.declare("accounts.Licence", us=LICENCE_FIELDS)
ownership.declare("accounts.FedLicence", erp=LICENCE_FIELDS)
ownership.declare("accounts.Segment", us=["kind", "code", "name"])
ownership.declare("accounts.SegmentLimit", us=["segment", "kind", "limit_seconds"])
ownership.declare("accounts.SegmentMember", us=["segment", "company"])
ownership.declare(
    "accounts.Address",
    erp=[
        "company",
        "erp_id",
        "name",
        "street",
        "postal_code",
        "city",
        "country",
        "is_ship_to",
        "is_bill_to",
        "ship_to_code",
        "bill_to_code",
        "is_active",
        "as_of",
    ],
)
ownership.declare(
    "accounts.CreditAccount",
    erp=["company", "currency", "limit_amount", "used_amount", "is_on_hold", "as_of"],
)

audit.tell(
    {f"member.{what}": ("user", "roles", "invitation") for what in "invited enrolled changed".split()}
    | {"member.ended": ("user", "roles", "reason")}
)
audit.tell(
    {
        "registration.confirmed": ("registration",),
        "registration.register_asked": ("registration",),
        "registration.approved": ("registration", "invitation", "company_number", "roles"),
        "registration.rejected": ("registration",),
        "company.admitted": ("parent_number", "payment_term_code"),
        "company.opened": ("registration",),
        "company.placed": ("parent_number",),
    }
)
audit.tell(
    {
        "contact.proposed": ("proposal",),
        "address.proposed": ("proposal",),
        "proposal.requested": ("proposal",),
        "proposal.released": ("proposal",),
        "proposal.declined": ("proposal", "reason"),
        "delegation.made": ("delegator", "delegate", "valid_from", "valid_until"),
        "delegation.ended": ("delegator", "delegate"),
    }
)
audit.tell({"licence.changed": ("model", "key", "change")})
audit.tell(
    {
        "company.second_factor_required": ("is_required",),
        "partner.let_in": ("user", "customers", "until"),
        "staff.roles_assigned": ("user", "roles", "was"),
        "assistance.started": ("assistance", "user", "principal", "reason", "ends_at"),
        "assistance.stopped": ("assistance", "user", "principal"),
    }
)
