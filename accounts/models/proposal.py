"""What a customer would like changed in what the ERP owns."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.company import Address, Company
from accounts.models.people import User
from accounts.proposals import CONTACT_FIELDS, FIELDS, NEXT, OPEN, ProposalState
from core.history import history


class Proposal(models.Model):
    """A change as a buyer would like it; it counts only when the ERP has said the same (ACC-11).

    state: waiting until somebody who manages the company has released it; sent as soon as it is on its way;
    sent_at: when the ERP had taken it, by its clock. decided_by: who released or declined it, None where it needed
    no release. reason: why it was declined or refused, in words for the buyer.
    """

    company_id: int
    company: Any

    state = models.CharField(_("state"), max_length=10, choices=ProposalState, default=ProposalState.PROPOSED)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), auto_now_add=True)
    decided_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("released or declined by"),
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        """What its events and cases name."""
        return f"{self.key.partition('-')[0]}_proposal:{self.pk}"

    @property
    def key(self) -> str:
        """What a form names it by."""
        raise NotImplementedError

    @property
    def wish(self) -> dict[str, Any]:
        """What is asked of the ERP, as its event tells it."""
        raise NotImplementedError

    @property
    def is_waiting(self) -> bool:
        """Whether somebody who manages the company has yet to release it."""
        return self.state == ProposalState.WAITING

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether nothing of it has left yet."""
        return ProposalState.WITHDRAWN in NEXT[ProposalState(self.state)]


def _known_states(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(state__in=sorted(ProposalState.values)), name=name)


class AddressProposal(Proposal):
    """An address as a buyer would like it.

    address: the one to be changed, empty for a further one. erp_id: of the address over there, as soon as it
    was sent.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="address_proposals")
    address = models.ForeignKey(
        Address, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals"
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    street = models.CharField(_("street"), max_length=300)
    postal_code = models.CharField(_("postal code"), max_length=20)
    city = models.CharField(_("city"), max_length=100)
    country = models.CharField(_("country"), max_length=2)
    is_ship_to = models.BooleanField(_("deliveries"), default=True)
    is_bill_to = models.BooleanField(_("invoices"), default=False)
    erp_id = models.CharField(max_length=60, blank=True)

    history = history()

    class Meta:
        verbose_name = _("proposed address")
        verbose_name_plural = _("proposed addresses")
        ordering = ["-id"]
        constraints = [
            _known_states("address_proposal_state_known"),
            models.UniqueConstraint(
                fields=["address"], condition=Q(state__in=sorted(OPEN)), name="address_proposal_open_once"
            ),
        ]

    def __str__(self) -> str:
        place = f"{self.postal_code} {self.city}".strip()
        return ", ".join(part for part in (self.name, self.street, place, self.country) if part)

    @property
    def key(self) -> str:
        """What a form names it by."""
        return f"address-{self.pk}"

    @property
    def wish(self) -> dict[str, Any]:
        """The address as it should be, and the ERP's key of the one to be changed, "" for a further one."""
        return {
            "erp_id": self.address.erp_id if self.address else "",
            **{name: getattr(self, name) for name in FIELDS},
        }


class ContactProposal(Proposal):
    """Contact data of a company as a buyer would like them.

    changes: {field of the company: what it is to be}, was: {field: what it was when it was proposed}.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="contact_proposals")
    changes = models.JSONField(_("changes"), default=dict)
    was = models.JSONField(_("was"), default=dict)

    history = history()

    class Meta:
        verbose_name = _("proposed contact data")
        verbose_name_plural = _("proposed contact data")
        ordering = ["-id"]
        constraints = [
            _known_states("contact_proposal_state_known"),
            models.UniqueConstraint(
                fields=["company"], condition=Q(state__in=sorted(OPEN)), name="contact_proposal_open_once"
            ),
        ]

    def __str__(self) -> str:
        return "; ".join(f"{name}: {was or '–'} → {now or '–'}" for name, was, now in self.told)

    @property
    def key(self) -> str:
        """What a form names it by."""
        return f"contact-{self.pk}"

    @property
    def wish(self) -> dict[str, Any]:
        """What is to be changed."""
        return {"changes": self.changes}

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """The changes in words: what, what it was, what it is to be."""
        return [
            (str(Company._meta.get_field(name).verbose_name), self.was.get(name, ""), self.changes[name])
            for name in CONTACT_FIELDS
            if name in self.changes
        ]
