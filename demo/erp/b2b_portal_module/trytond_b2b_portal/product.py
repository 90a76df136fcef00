"""The units a product is sold in, its smallest quantity and its step."""

from decimal import Decimal

from sql.conditionals import Coalesce
from trytond.i18n import gettext
from trytond.model import Check, ModelSQL, ModelView, Unique, fields, sequence_ordered
from trytond.model.exceptions import ValidationError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.rpc import RPC
from trytond.transaction import Transaction


class SaleUnit(sequence_ordered(), ModelSQL, ModelView):
    "Sale Unit"

    __name__ = "product.sale_unit"

    template = fields.Many2One("product.template", "Product", required=True, ondelete="CASCADE")
    uom = fields.Many2One(
        "product.uom",
        "Unit",
        required=True,
        ondelete="RESTRICT",
        domain=[("category", "=", Eval("uom_category", -1))],
        depends=["uom_category"],
    )
    uom_category = fields.Function(
        fields.Many2One("product.uom.category", "Unit Category"), "on_change_with_uom_category"
    )
    code = fields.Char(
        "UN/ECE Code",
        required=True,
        size=3,
        help="Recommendation 20, or X and the code of Recommendation 21: C62, XBX, XCT, XPX.",
    )
    base_quantity = fields.Function(
        fields.Numeric("Base Quantity", digits=(13, 4), help="How many default units one unit holds."),
        "get_base_quantity",
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls.__access__.add("template")
        cls._sql_constraints += [
            (
                "template_uom_unique",
                Unique(table, table.template, table.uom),
                "b2b_portal.msg_sale_unit_unique",
            )
        ]

    @fields.depends("template", "_parent_template.default_uom_category")
    def on_change_with_uom_category(self, name=None):
        if self.template and self.template.default_uom:
            return self.template.default_uom.category.id
        return None

    def get_base_quantity(self, name):
        # The factor is a float: repr gives the shortest decimal that means it, 200.0 and not 199.99999.
        if self.uom == self.template.default_uom:
            return Decimal(1)
        pool = Pool()
        Uom = pool.get("product.uom")
        return Decimal(repr(Uom.compute_qty(self.uom, 1, self.template.default_uom, round=False)))

    @classmethod
    def validate_fields(cls, units, field_names):
        super().validate_fields(units, field_names)
        for unit in units:
            if unit.base_quantity <= 0:
                raise ValidationError(gettext("b2b_portal.msg_sale_unit_content", unit=unit.uom.rec_name))


class Product(metaclass=PoolMeta):
    __name__ = "product.product"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__rpc__["portal_prices"] = RPC(readonly=True)

    @classmethod
    def portal_prices(cls, asks):
        """The sale prices of many asks in one call, by the price list and currency of the context.

        asks: [[unit id, quantity, [codes]], ...]; answers for each, in this order, rows of code and sale_price_uom.
        """
        answers = []
        for unit, quantity, codes in asks:
            with Transaction().set_context(uom=unit, quantity=quantity):
                rows = cls.search_read([("code", "in", codes)], fields_names=["code", "sale_price_uom"])
            answers.append(rows)
        return answers


class Template(metaclass=PoolMeta):
    __name__ = "product.template"

    sale_units = fields.One2Many("product.sale_unit", "template", "Sale Units")
    min_sale_quantity = fields.Numeric(
        "Smallest Sale Quantity",
        digits=(13, 4),
        help="In the default unit; empty means any.",
    )
    sale_quantity_step = fields.Numeric(
        "Sale Quantity Step",
        digits=(13, 4),
        help="In the default unit; quantities sold are multiples of it. Empty means any.",
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            (
                "sale_quantities_positive",
                Check(
                    table,
                    (Coalesce(table.min_sale_quantity, 1) > 0) & (Coalesce(table.sale_quantity_step, 1) > 0),
                ),
                "b2b_portal.msg_sale_quantities_positive",
            )
        ]
