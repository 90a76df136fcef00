"""Tax ids by their form alone: which country's rules hold, and whether the number keeps them. No network, no register."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from stdnum import get_cc_module
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from accounts.duplicates import plain_tax_id
from core.errors import InvalidValue

# Where the EU writes another prefix than the country's code.
PREFIXES = {"GR": "EL"}
EU = frozenset(state.upper() for state in vat.MEMBER_STATES)
# The kinds of number that count besides the one that stdnum calls VAT.
FURTHER = {"CH": ("uid",), "LI": ()}
LONGEST = 30


@dataclass(frozen=True)
class TaxId:
    """A tax id as it is kept. is_checkable: whether anybody knows the form of such numbers.

    is_registered: whether a register of the EU can be asked for it.
    """

    number: str
    is_checkable: bool
    is_registered: bool = False


def checked_tax_id(country: str, typed: str) -> TaxId:
    """The tax id that somebody has typed, if its form is right for the country; spaces, dots and dashes are nothing.

    country: ISO 3166 alpha-2. Where no form is known, the number is taken as it is. Raises InvalidValue saying what to do.
    """
    country, bare = country.upper(), plain_tax_id(typed)
    if not bare or len(bare) > LONGEST:
        raise InvalidValue(
            _("Enter the VAT number of your company, as it stands on its invoices."), field="tax_id"
        )
    if country == "GB" and bare.startswith("XI"):
        # Northern Ireland is of the United Kingdom, and of the EU's register.
        country = "XI"
    if country in EU:
        return TaxId(_eu(country, bare), is_checkable=True, is_registered=True)
    modules = [get_cc_module(country.lower(), kind) for kind in ("vat", *FURTHER.get(country, ()))]
    known = [module for module in modules if module is not None]
    if known and not any(module.is_valid(bare) for module in known):
        raise InvalidValue(
            _("This is no tax number of the country chosen above: a digit may be wrong or missing."),
            field="tax_id",
        )
    return TaxId(bare, is_checkable=bool(known))


def _eu(country: str, bare: str) -> str:
    prefix = PREFIXES.get(country, country)
    other = next((code for code in EU if bare.startswith(PREFIXES.get(code, code))), "")
    number = bare if bare.startswith(prefix) else f"{prefix}{bare}"
    try:
        return str(vat.validate(number))
    except ValidationError:
        pass
    if other and other != country and vat.is_valid(bare):
        raise InvalidValue(
            _(
                "This number is of another country (%(prefix)s): choose that country, or enter the number for %(wanted)s."
            )
            % {"prefix": PREFIXES.get(other, other), "wanted": prefix},
            field="tax_id",
        )
    raise InvalidValue(
        _(
            "This is no VAT number of the country chosen above: it begins with %(prefix)s, and a digit may be wrong or missing."
        )
        % {"prefix": prefix},
        field="tax_id",
    )


def parts_of(number: str) -> tuple[str, str]:
    """A number of the EU, as it is kept, in the parts that its register wants: prefix, and the rest."""
    return number[:2], number[2:]
