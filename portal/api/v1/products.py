"""Products and prices, as the acting company may buy them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scope import Scope
from catalog.availability import availability
from catalog.hits import search_products
from catalog.models import Product
from catalog.queries import product_by_sku, products_for, unit_of, with_parts
from catalog.rules import conversion
from core import ownership
from core.money import line_net
from core.units import Conversion
from portal.api.request import asking
from portal.api.v1.description import PAGING, SEARCH, ProductPage, described
from portal.api.v1.pages import ByNumber
from portal.api.v1.serializers import PriceOutput, PriceQuestion, ProductOutput
from pricing.answers import Ask, PriceAnswer, told_to_buyer
from pricing.queries import context_for, price_sheet
from pricing.records import PRICE_FIELDS


class ProductList(APIView):
    """GET /api/v1/products/?q=&limit=&cursor="""

    @described("product_list", ProductPage, refusals=(403, 404), parameters=(SEARCH, *PAGING))
    def get(self, request: Request) -> Response:
        """The products that the company can buy, or those that a text finds."""
        scope = asking(request).scope
        text = request.query_params.get("q", "").strip()
        found = search_products(scope, text) if text else products_for(scope)
        pages = ByNumber()
        products = pages.paginate_queryset(with_parts(found), request, view=self)
        return pages.get_paginated_response(ProductOutput(_dressed(scope, products or []), many=True).data)


class ProductDetail(APIView):
    """GET /api/v1/products/<sku>/"""

    @described("product_detail", ProductOutput, refusals=(403, 404))
    def get(self, request: Request, sku: str) -> Response:
        """One product with units, price and stock."""
        scope = asking(request).scope
        product = product_by_sku(scope, sku)
        return Response(ProductOutput(_dressed(scope, [product])[0]).data)


class ProductPrice(APIView):
    """GET /api/v1/products/<sku>/price/?quantity=&unit="""

    @described("product_price", PriceOutput, refusals=(400, 403, 404, 422), parameters=(PriceQuestion,))
    def get(self, request: Request, sku: str) -> Response:
        """The price of a quantity, with its derivation."""
        scope = asking(request).scope
        product = product_by_sku(scope, sku)
        question = PriceQuestion(data=request.query_params)
        question.is_valid(raise_exception=True)
        key, quantity = question.validated_data["unit"], question.validated_data["quantity"]
        ratio = conversion(unit_of(product, key)) if key else Conversion(1)
        ask = Ask(product.pk, ratio.to_base(quantity), "asked")
        answer = price_sheet(context_for(scope), [ask])["asked"]
        return Response(PriceOutput(_price(answer, key or product.base_unit, quantity, ratio)).data)

    @extend_schema(exclude=True)
    def put(self, request: Request, sku: str) -> Response:
        """Nobody writes a price here: the ERP owns it (PRC-12)."""
        product_by_sku(asking(request).scope, sku)
        ownership.check(asking(request).actor, "pricing.PriceRow", PRICE_FIELDS)
        raise AssertionError("an actor of the API never brings the ERP's data")

    post = patch = delete = put


def _dressed(scope: Scope, products: Sequence[Product]) -> list[dict[str, Any]]:
    """The products with price and stock, in as many statements as for one."""
    asks = [Ask(product.pk, product.min_quantity, product.pk) for product in products]
    answers = price_sheet(context_for(scope), asks)
    stock = availability([product.pk for product in products])
    return [
        {
            **{name: getattr(product, name) for name in PLAIN},
            "sold_units": [unit for unit in product.units.all() if unit.is_active],
            "price": _price(answers[product.pk], product.base_unit, product.min_quantity, Conversion(1)),
            "stock": stock.get(product.pk, []),
        }
        for product in products
    ]


PLAIN = (
    "sku",
    "title",
    "description",
    "standard",
    "status",
    "base_unit",
    "min_quantity",
    "step_quantity",
)


def _price(answer: PriceAnswer, unit: str, quantity: Decimal, ratio: Conversion) -> dict[str, Any]:
    price = None if answer.is_on_request else answer.unit_price_for(ratio.numerator, ratio.denominator)
    net = None if price is None else line_net(quantity, price, currency=answer.currency)
    return {
        "is_on_request": answer.is_on_request,
        "currency": answer.currency,
        "unit": unit,
        "quantity": quantity,
        "unit_price": price,
        "net_amount": net,
        "as_of": answer.as_of,
        "is_stale": answer.is_stale,
        "story": told_to_buyer(answer.story()),
    }
