"""Other systems' ids of our things, now and before."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Traced
from integrations.states import IdentifierChangeKind


class Identifier(models.Model):
    """Another system's id of one of our things, both ways unique (INT-07)."""

    system = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "external_id"], name="identifier_external"),
            models.UniqueConstraint(fields=["system", "kind", "key"], name="identifier_key"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.external_id}"


class IdentifierChange(Traced):
    """An id that was: renamed, merged into another or split; it still resolves (INT-09).

    external_id stood for `key` until `at`. became: the keys it stands for since; more than one after a
    split, and then a person says which is meant.
    """

    system = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=120)
    change = models.CharField(max_length=10, choices=IdentifierChangeKind)
    became = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("change of an identifier")
        verbose_name_plural = _("changes of identifiers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["system", "kind", "external_id"], name="identifier_change_external"),
            models.Index(fields=["system", "kind", "key"], name="identifier_change_key"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.external_id or self.key}"
