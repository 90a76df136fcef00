"""Tables of accounts: people, companies and what companies agree on."""

from accounts.models.company import Address, Company, CreditAccount, PaymentTerm
from accounts.models.connection import SignInConnection, SignInDomain, SignInIdentity
from accounts.models.delegation import Delegation
from accounts.models.invitation import Invitation
from accounts.models.licence import FedLicence, Licence, LicenceKind
from accounts.models.people import (
    CompanyGroupPermission,
    CompanyRole,
    CompanyUserPermission,
    Membership,
    User,
)
from accounts.models.proposal import AddressProposal, ContactProposal
from accounts.models.registration import Registration
from accounts.models.segment import Segment, SegmentLimit, SegmentMember
from accounts.models.staff import Assistance, ForbiddenPair

__all__ = [
    "Address",
    "Assistance",
    "AddressProposal",
    "Company",
    "CompanyGroupPermission",
    "CompanyRole",
    "CompanyUserPermission",
    "ContactProposal",
    "CreditAccount",
    "Invitation",
    "FedLicence",
    "ForbiddenPair",
    "Delegation",
    "Licence",
    "LicenceKind",
    "Membership",
    "PaymentTerm",
    "Registration",
    "Segment",
    "SegmentLimit",
    "SegmentMember",
    "SignInConnection",
    "SignInDomain",
    "SignInIdentity",
    "User",
]
