"""Registers integrations with Django, states how old each kind of figure may be and what each flow may write."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the apps to the left the limits that the flows state, and the rights that they have."""
        from core import freshness
        from integrations import flows, payloads, rights  # noqa: F401 -- payloads state their forms

        freshness.set_limits(flows.limits())
        rights.grant_all()
