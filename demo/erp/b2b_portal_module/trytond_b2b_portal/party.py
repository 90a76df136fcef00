"""The numbers that an address has as ship-to and as bill-to, among Tryton's own identifiers of addresses."""

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
