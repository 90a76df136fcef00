"""A unique key on sales."""

from trytond.model import Unique, fields
from trytond.pool import PoolMeta


class Sale(metaclass=PoolMeta):
    __name__ = "sale.sale"

    portal_key = fields.Char(
        "Portal Key",
        strip=False,
        help="The key under which an outside program created the sale; no two sales of a company share one.",
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            (
                "portal_key_unique",
                Unique(table, table.company, table.portal_key),
                "b2b_portal.msg_portal_key_unique",
            )
        ]

    @classmethod
    def copy(cls, sales, default=None):
        default = dict(default or {}, portal_key=None)
        return super().copy(sales, default=default)
