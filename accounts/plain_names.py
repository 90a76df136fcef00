"""Names that a person types and that stand in mails to others: a name alone, no words of a stranger's with a link."""

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidValue
from core.links import holds_link


def check_name(name: str, *, field: str) -> None:
    """Refuse a name that would bring a link, or lines of its own, into a mail. Raises InvalidValue naming the field."""
    if holds_link(name.strip()):
        raise InvalidValue(_("A name alone, without the address of a page."), field=field)
