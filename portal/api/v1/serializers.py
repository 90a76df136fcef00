"""The words of the API: what comes in and what goes out, field by field."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from orders.models import OrderLine
from pricing.answers import told_to_buyer


class Quantity(serializers.DecimalField):
    """A decimal with up to six places, as text."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_digits=18, decimal_places=6, normalize_output=True, **options)  # type: ignore[arg-type]


class Amount(serializers.DecimalField):
    """An amount of money in the document's currency, as text."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_digits=18, decimal_places=4, **options)  # type: ignore[arg-type]


class UnitOutput(serializers.Serializer):
    """A unit that a product is sold in; numerator / denominator base units are one of it."""

    key = serializers.CharField()
    code = serializers.CharField()
    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField()
    is_default = serializers.BooleanField()


class StockOutput(serializers.Serializer):
    """What a warehouse can promise, in base units, and how old the figure is."""

    warehouse = serializers.CharField(source="warehouse.code")
    available = Quantity()
    as_of = serializers.DateTimeField()
    is_stale = serializers.BooleanField()


class PriceOutput(serializers.Serializer):
    """A price and its derivation; unit_price is null when it is on request."""

    is_on_request = serializers.BooleanField()
    currency = serializers.CharField()
    unit = serializers.CharField()
    quantity = Quantity()
    unit_price = Quantity(allow_null=True)
    net_amount = Amount(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField()
    story = serializers.DictField()


class ProductOutput(serializers.Serializer):
    """A product as the acting company may buy it; the price is for the smallest quantity."""

    sku = serializers.CharField()
    name = serializers.CharField(source="title")
    description = serializers.CharField()
    standard = serializers.CharField()
    status = serializers.CharField()
    base_unit = serializers.CharField()
    min_quantity = Quantity()
    step_quantity = Quantity()
    units = UnitOutput(many=True, source="sold_units")
    price = PriceOutput()
    stock = StockOutput(many=True)


class PriceQuestion(serializers.Serializer):
    """For how much of which unit a price is asked; without a unit, the base unit."""

    quantity = Quantity(min_value=0, default=Decimal(1))
    unit = serializers.CharField(default="")


class OrderLineInput(serializers.Serializer):
    """A wanted product. unit_price: what the caller reckons with; differs it, nothing is ordered."""

    sku = serializers.CharField(max_length=60)
    unit = serializers.CharField(max_length=30)
    quantity = Quantity(min_value=0)
    unit_price = Quantity(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class OrderInput(serializers.Serializer):
    """An order for the acting company. ship_to: the ERP's key of one of its addresses."""

    ship_to = serializers.CharField(max_length=60)
    po_number = serializers.CharField(max_length=60, default="", allow_blank=True)
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)
    requested_on = serializers.DateField(required=False, allow_null=True, default=None)
    cost_centre = serializers.CharField(
        max_length=30, default="", allow_blank=True, help_text="Its code; needed where the company has any."
    )
    lines = OrderLineInput(many=True, allow_empty=False, max_length=500)  # type: ignore[call-arg]


class OrderLineOutput(serializers.Serializer):
    """A line with its price, the price's derivation, and how far it is, in the line's unit."""

    position = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField(source="unit_key")
    unit_code = serializers.CharField()
    quantity = Quantity(source="ordered")
    unit_price = Quantity()
    net_amount = Amount()
    tax_percent = Quantity()
    confirmed = Quantity()
    shipped = Quantity()
    backordered = Quantity()
    cancelled = Quantity()
    invoiced = Quantity()
    price_story = serializers.SerializerMethodField()

    def get_price_story(self, line: OrderLine) -> dict[str, Any]:
        """The derivation as the buyer may see it."""
        return told_to_buyer(line.price_story)


class OrderOutput(serializers.Serializer):
    """An order in short."""

    number = serializers.CharField()
    company = serializers.CharField(source="company.number")
    status = serializers.CharField()
    erp_number = serializers.CharField()
    erp_status = serializers.CharField()
    delivery_status = serializers.CharField()
    invoice_status = serializers.CharField()
    payment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    po_number = serializers.CharField()
    currency = serializers.CharField()
    net_amount = Amount()
    tax_amount = Amount()
    gross_amount = Amount()
    erp_as_of = serializers.DateTimeField(allow_null=True)


class ShipmentLineOutput(serializers.Serializer):
    """What a shipment holds of a line, in the line's unit."""

    position = serializers.IntegerField(source="order_line.position")
    sku = serializers.CharField(source="order_line.sku")
    quantity = Quantity()


class ShipmentOutput(serializers.Serializer):
    """A delivery of an order."""

    number = serializers.CharField(source="shipment.number")
    status = serializers.CharField(source="shipment.status")
    planned_on = serializers.DateField(source="shipment.planned_on", allow_null=True)
    shipped_on = serializers.DateField(source="shipment.shipped_on", allow_null=True)
    tracking_number = serializers.CharField(source="shipment.tracking_number")
    as_of = serializers.DateTimeField(source="shipment.as_of")
    lines = ShipmentLineOutput(many=True)


class InvoiceOutput(serializers.Serializer):
    """An invoice or credit note of an order, by the ERP's word."""

    number = serializers.CharField(source="invoice.number")
    kind = serializers.CharField(source="invoice.kind")
    credits = serializers.CharField(source="invoice.credits.number", default="")
    status = serializers.CharField(source="invoice.status")
    currency = serializers.CharField(source="invoice.currency")
    net_amount = Amount(source="invoice.net_amount")
    tax_amount = Amount(source="invoice.tax_amount")
    gross_amount = Amount(source="invoice.gross_amount")
    open_amount = Amount(source="invoice.open_amount")
    issued_on = serializers.DateField(source="invoice.issued_on")
    due_on = serializers.DateField(source="invoice.due_on", allow_null=True)
    is_overdue = serializers.BooleanField()


class EventOutput(serializers.Serializer):
    """Something that happened to an order. source: portal, hub, erp or pim."""

    at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()
    text = serializers.CharField()
    person = serializers.CharField()


class OrderDetailOutput(serializers.Serializer):
    """All that is known of an order: the same read as the buyer's page."""

    order = OrderOutput()
    requested_on = serializers.DateField(source="order.requested_on", allow_null=True)
    note = serializers.CharField(source="order.note")
    ship_to = serializers.DictField(source="order.ship_to")
    as_of = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField()
    open_amount = Amount()
    lines = OrderLineOutput(many=True)
    shipments = ShipmentOutput(many=True)
    invoices = InvoiceOutput(many=True)
    timeline = EventOutput(many=True)

    def to_representation(self, view: Any) -> dict[str, Any]:
        """The order's own fields stand at the top."""
        shown: dict[str, Any] = super().to_representation(view)
        return {**shown.pop("order"), **shown}
