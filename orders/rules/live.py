"""What is done when the ERP's live word differs from ours, or does not come: the table and its use."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidValue
from orders.states import LiveKind, LiveRule, Situation

R, S = LiveRule, Situation


class NotConfirmed(DomainError):
    """The ERP cannot be asked, and the policy takes no order without its word (INT-29)."""

    code = "not_confirmed"


# The cells of the table, each with the rules that it may hold; the first is what we start with. A higher
# price is never used without the buyer having seen it, so "use what the ERP says" is no choice there.
CHOICES: dict[tuple[LiveKind, Situation], tuple[LiveRule, ...]] = {
    (LiveKind.PRICE, S.WORSE): (R.REFUSE, R.LAST_KNOWN, R.HOLD),
    (LiveKind.PRICE, S.BETTER): (R.TAKE_ERP, R.REFUSE, R.LAST_KNOWN, R.HOLD),
    (LiveKind.PRICE, S.UNHEARD): (R.LAST_KNOWN, R.TO_CONFIRM, R.HOLD, R.REFUSE),
    (LiveKind.PRICE, S.UNHEARD_STALE): (R.TO_CONFIRM, R.LAST_KNOWN, R.HOLD, R.REFUSE),
    (LiveKind.STOCK, S.WORSE): (R.REFUSE, R.TAKE_ERP, R.LAST_KNOWN, R.HOLD),
    (LiveKind.STOCK, S.BETTER): (R.TAKE_ERP, R.LAST_KNOWN),
    (LiveKind.STOCK, S.UNHEARD): (R.LAST_KNOWN, R.TO_CONFIRM, R.HOLD, R.REFUSE),
    (LiveKind.STOCK, S.UNHEARD_STALE): (R.TO_CONFIRM, R.LAST_KNOWN, R.HOLD, R.REFUSE),
    (LiveKind.CREDIT, S.WORSE): (R.TAKE_ERP, R.LAST_KNOWN),
    (LiveKind.CREDIT, S.BETTER): (R.TAKE_ERP, R.LAST_KNOWN),
    (LiveKind.CREDIT, S.UNHEARD): (R.LAST_KNOWN, R.TO_CONFIRM, R.HOLD, R.REFUSE),
    (LiveKind.CREDIT, S.UNHEARD_STALE): (R.HOLD, R.LAST_KNOWN, R.TO_CONFIRM, R.REFUSE),
}
UNANSWERED = (S.UNHEARD, S.UNHEARD_STALE)
DIFFERENT = (S.BETTER, S.WORSE)
# With these the ERP's figure holds from now on, whether or not the order goes through.
ERP_HOLDS = (R.REFUSE, R.TAKE_ERP)


def cell(kind: str, situation: str) -> str:
    """The name of a cell of the table."""
    return f"{kind}_{situation}"


DEFAULTS: dict[str, str] = {cell(*key): str(rules[0]) for key, rules in CHOICES.items()}


def check_rules(rules: Mapping[str, str]) -> None:
    """Refuse a table with a missing or unknown cell, or a rule that a cell may not hold."""
    if set(rules) != set(DEFAULTS):
        raise InvalidValue(_("Say for every case what is done."), field="rules")
    for key, allowed in CHOICES.items():
        if rules[cell(*key)] not in allowed:
            raise InvalidValue(
                _("“%(rule)s” is no rule for this case.") % {"rule": rules[cell(*key)]}, field=cell(*key)
            )


@dataclass(frozen=True)
class Table:
    """The policy in force. cached_credit: up to which sum of orders, with tax, our last known credit
    counts while the ERP does not answer, whatever its age; None leaves it to the table (X-24).
    """

    version: int
    rules: Mapping[str, str]
    cached_credit: Decimal | None = None

    def rule(self, kind: LiveKind, situation: Situation) -> LiveRule:
        """What is done in a case; nothing needs doing where the ERP agrees or was not asked."""
        name = cell(kind, situation)
        return LiveRule(self.rules[name]) if name in self.rules else R.TAKE_ERP

    def credit_rule(self, situation: Situation, exposed: Decimal) -> LiveRule:
        """As `rule`, for credit. exposed: this order and those that the ERP has not counted yet."""
        if situation in UNANSWERED and self.cached_credit is not None and exposed <= self.cached_credit:
            return R.LAST_KNOWN
        return self.rule(LiveKind.CREDIT, situation)


@dataclass(frozen=True)
class Decision:
    """One decision with all that it was made of (CRT-11, OBS-23).

    key: SKU and unit, SKU, or the number of the limit's owner. ours, theirs: the figures as texts, None
    where there was none. as_of: of the figure that counts; was_read_at: of ours. kept: what counts from
    now on. why: why the ERP did not answer. has_consent: the buyer was shown the ERP's figure and ordered
    at it. settled_at: when something that was to be confirmed has been.
    """

    kind: LiveKind
    key: str
    situation: Situation
    rule: LiveRule
    policy: int
    at: datetime
    ours: str | None = None
    theirs: str | None = None
    kept: str | None = None
    asked: str = ""
    why: str = ""
    as_of: datetime | None = None
    has_consent: bool = False
    settled_at: datetime | None = None

    @property
    def age(self) -> timedelta | None:
        """How old the figure that counts was when it was decided."""
        return None if self.as_of is None else max(self.at - self.as_of, timedelta(0))

    @property
    def is_lowered(self) -> bool:
        """Whether the ERP's lower price holds without having been shown before."""
        return (self.kind, self.situation, self.rule) == (LiveKind.PRICE, S.BETTER, R.TAKE_ERP)

    @property
    def is_held(self) -> bool:
        """Whether a person has to look before the order goes on."""
        return self.rule == R.HOLD and self.situation not in (S.AGREES, S.NOT_ASKED)

    @property
    def is_open(self) -> bool:
        """Whether the ERP's word on it is still awaited."""
        return self.rule == R.TO_CONFIRM and self.situation in UNANSWERED and self.settled_at is None

    @property
    def is_unconfirmed_price(self) -> bool:
        """A price without the ERP's word: the ERP would believe it, so it must not get there before."""
        return self.is_open and self.kind == LiveKind.PRICE

    def to_json(self) -> dict[str, Any]:
        """The decision as it is kept with the order."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        age = self.age
        return {"v": 1, **plain, "age_s": None if age is None else int(age.total_seconds())}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Decision":
        """The decision that was kept."""
        values = {name: kept.get(name) for name in ("ours", "theirs", "kept")}
        return cls(
            kind=LiveKind(kept["kind"]),
            key=kept["key"],
            situation=Situation(kept["situation"]),
            rule=LiveRule(kept["rule"]),
            policy=kept["policy"],
            at=datetime.fromisoformat(kept["at"]),
            asked=kept.get("asked", ""),
            why=kept.get("why", ""),
            as_of=_moment(kept.get("as_of")),
            has_consent=kept.get("has_consent", False),
            settled_at=_moment(kept.get("settled_at")),
            **values,
        )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def decisions_of(kept: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """The decisions that an order keeps."""
    return [Decision.from_json(one) for one in kept]


def price_key(sku: str, unit_key: str) -> str:
    """How the decision on the price of a line is called."""
    return f"{sku}/{unit_key}"


def situation_of(ours: Decimal | None, theirs: Decimal | None, *, less_is_better: bool) -> Situation:
    """How two figures stand to each other, seen by the buyer. None: without any limit."""
    if ours == theirs:
        return S.AGREES
    if ours is None or theirs is None:
        return S.WORSE if ours is None else S.BETTER
    return S.BETTER if (theirs < ours) == less_is_better else S.WORSE


def unheard(*, is_stale: bool) -> Situation:
    """The situation without an answer."""
    return S.UNHEARD_STALE if is_stale else S.UNHEARD


UNSAID = {
    LiveKind.PRICE: _("the price"),
    LiveKind.STOCK: _("the stock"),
    LiveKind.CREDIT: _("your credit"),
}


def check_confirmed(decisions: Iterable[Decision]) -> None:
    """Refuse what the policy does not take without the ERP's word. Raises NotConfirmed."""
    for one in decisions:
        if one.rule == R.REFUSE and one.situation in UNANSWERED:
            raise NotConfirmed(
                _(
                    "Our ERP does not answer at the moment, and we cannot take an order before it has "
                    "confirmed %(what)s. Nothing was ordered and your cart is kept: try again in some minutes."
                )
                % {"what": UNSAID[one.kind]},
                kind=str(one.kind),
                key=one.key,
                why=one.why,
            )
