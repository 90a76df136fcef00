"""Companies' own sign-ins: which one vouches for an address, and for whom it may."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accounts.models import CompanyUserPermission, SignInConnection, SignInIdentity, User
from accounts.queries.lines import tree_of
from accounts.queries.members import memberships_of
from accounts.scope import Scope
from accounts.standing import SHUT
from accounts.vouching import domain_of


def all_connections() -> QuerySet[SignInConnection]:
    """Every connection, for staff."""
    return SignInConnection.objects.select_related("company").prefetch_related("domains")


def connections_for(scope: Scope) -> QuerySet[SignInConnection]:
    """The connections by which the people of the acting company sign in: its own, and those of the companies above."""
    return all_connections().filter(company_id__in=scope.lineage, is_active=True)


def all_connection_by_key(key: str) -> SignInConnection | None:
    """The connection in use of this key."""
    return all_connections().filter(key=key, is_active=True).exclude(company__status__in=SHUT).first()


def all_connection_of(email: str) -> SignInConnection | None:
    """The connection that vouches for addresses like this one; whether anybody has the address is not looked at."""
    found = all_connections().filter(domains__domain=domain_of(email), is_active=True)
    return found.exclude(company__status__in=SHUT).first()


def vouches_for(key: str, scope: Scope) -> bool:
    """Whether a connection is in use still, and the acting company is its own or below that. One statement."""
    return SignInConnection.objects.filter(key=key, is_active=True, company__in=scope.lineage).exists()


def reaches(connection: SignInConnection, company_id: int) -> bool:
    """Whether a company is that of a connection, or below it."""
    return tree_of(connection.company_id).filter(pk=company_id).exists()


def stays_within(user: User, connection: SignInConnection) -> bool:
    """Whether all that a person may act for lies in the tree of a connection's company.

    Whoever runs a provider can sign in as anybody it vouches for: so it never opens what is another company's.
    """
    tree = set(tree_of(connection.company_id).values_list("pk", flat=True))
    places = set(memberships_of(user.pk).values_list("company_id", flat=True))
    lent = CompanyUserPermission.objects.filter(Q(valid_until=None) | Q(valid_until__gt=Now()), user=user)
    return places | set(lent.values_list("content_object_id", flat=True)) <= tree


def all_only_way_for(user: User) -> SignInConnection | None:
    """The connection that is the only way in for somebody; None for staff and for who acts for others, too."""
    connection = all_connection_of(user.email)
    if connection is None or not connection.is_only_way or user.is_staff or user.is_superuser:
        return None
    return connection if stays_within(user, connection) else None


def all_asked_instead(user: User, scope: Scope) -> SignInConnection | None:
    """The connection that alone opens the acting company for a person of its domains, whatever else he or she is.

    None for the staff. A password that opens other companies is no second way into this one (failure bank 21).
    """
    if user.is_staff or user.is_superuser:
        return None
    found = all_connections().filter(company_id__in=scope.lineage, is_active=True, is_only_way=True)
    return found.filter(domains__domain=domain_of(user.email)).exclude(company__status__in=SHUT).first()


def identities_of(user: User) -> QuerySet[SignInIdentity]:
    """Who a person is at the providers of companies."""
    return SignInIdentity.objects.filter(user=user).select_related("connection")
