"""Tables of accounts: people, companies and what companies agree on."""

from accounts.models.company import Address, Company, CreditAccount, PaymentTerm
from accounts.models.people import (
    CompanyGroupPermission,
    CompanyUserPermission,
    Membership,
    Role,
    User,
)

__all__ = [
    "Address",
    "Company",
    "CompanyGroupPermission",
    "CompanyUserPermission",
    "CreditAccount",
    "Membership",
    "PaymentTerm",
    "Role",
    "User",
]
