"""What a portal asks of customers: the numbers of an address as ship-to and as bill-to, and licences that were shown.

The numbers are among Tryton's own identifiers of addresses.
"""

from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import PoolMeta

ROLES = [("shipto", "Ship-to Number"), ("billto", "Bill-to Number")]
TYPES = {name for name, _label in ROLES}


class Configuration(metaclass=PoolMeta):
    __name__ = "party.configuration"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.identifier_types.selection = [*cls.identifier_types.selection, *ROLES]


class Identifier(metaclass=PoolMeta):
    __name__ = "party.identifier"

    @classmethod
    def _type_addresses(cls):
        return super()._type_addresses() | TYPES


class Address(metaclass=PoolMeta):
    __name__ = "party.address"

    @classmethod
    def _type_identifiers(cls):
        return super()._type_identifiers() | TYPES


class Licence(ModelSQL, ModelView):
    "Party Licence"

    __name__ = "party.licence"

    party = fields.Many2One("party.party", "Party", required=True, ondelete="CASCADE")
    kind = fields.Char("Kind", required=True, help="The code of what was shown, as the portal knows it.")
    number = fields.Char("Number", required=True)
    valid_from = fields.Date("Valid From")
    valid_to = fields.Date("Valid To", help="The last day.")
    withdrawn = fields.Boolean("Withdrawn")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls.__access__.add("party")
        cls._sql_constraints += [
            (
                "party_kind_number_unique",
                Unique(table, table.party, table.kind, table.number),
                "b2b_portal.msg_licence_unique",
            )
        ]


class Party(metaclass=PoolMeta):
    __name__ = "party.party"

    licences = fields.One2Many("party.licence", "party", "Licences")
