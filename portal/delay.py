"""The banner that says which figures are late: how old, since when, what may be missing."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import freshness
from integrations.features import FEATURES, features_on
from portal.templatetags.accord import age, clock


@dataclass(frozen=True)
class Banner:
    """What stands above a page while data is late: the fact in bold, then what it means."""

    title: str
    text: str


@dataclass(frozen=True)
class Ages:
    """Up to which moment each kind of figure has been read, and which features there are. One statement."""

    read_up_to: dict[str, datetime]
    features: frozenset[str] = frozenset(FEATURES)

    @classmethod
    def now(cls) -> "Ages":
        """As the installation stands."""
        return cls(freshness.read_up_to(), features_on(freshness.kinds_off()))

    def note(self) -> str:
        """The ages of prices and stock in one line, "" while nothing has been read."""
        words = {"prices": _("prices as of %(time)s"), "stock": _("stock as of %(time)s")}
        told = [
            text % {"time": clock(self.read_up_to[kind])}
            for kind, text in words.items()
            if kind in self.read_up_to
        ]
        return capfirst(" · ".join(told))

    def turn_at(self, now: datetime) -> datetime | None:
        """When the banner changes by time alone; None when it does not."""
        turns = [freshness.turns_at(kind, moment, now=now) for kind, moment in self.read_up_to.items()]
        return min((turn for turn in turns if turn is not None), default=None)

    def banner(self) -> Banner | None:
        """The banner when a kind is past its limit; None while all is as promised."""
        words = {
            "prices": _("prices"),
            "stock": _("stock"),
            "credit": _("credit"),
            "orders": _("orders and shipments"),
            "invoices": _("invoices"),
        }
        late = {
            kind: moment
            for kind, moment in self.read_up_to.items()
            if kind in words and freshness.is_stale(kind, moment)
        }
        if not late:
            return None
        oldest = min(late.values())
        kinds = _join([str(words[kind]) for kind in words if kind in late])
        title = _("%(kinds)s: as of %(time)s, %(age)s old.")
        text = _(
            "Our ERP has not answered since, so newer movements are missing. "
            "What you do here is kept and sent on by itself; an order stays “received” until the ERP confirms it."
        )
        return Banner(capfirst(title % {"kinds": kinds, "time": clock(oldest), "age": age(oldest)}), text)


def _join(words: list[str]) -> str:
    """Two or more words as a list: `prices, stock and credit`."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}
