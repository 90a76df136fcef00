"""What the measurements find there: a company that buys, and products in stock that have a price."""

from catalog.models import Product
from tests.conftest import Member, enrol
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.orders import sell


def furnish(products: int, *, name: str = "Bea", number: str = "BENCH") -> Member:
    """A company with a buyer, an address, and products in stock that have a price."""
    company = CompanyFactory(number=number)
    AddressFactory(company=company, erp_id=f"{number.lower()}-1")
    for nth in range(products):
        if not Product.objects.filter(sku=f"BENCH-{nth:03}").exists():
            sell(f"BENCH-{nth:03}", f"{nth + 1}.25", on_hand=1_000_000)
    return enrol(name, company, "buyer")
