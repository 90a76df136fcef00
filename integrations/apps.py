"""Registers integrations with Django, and states how old each kind of figure may be."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the apps to the left the limits that the flows state."""
        from core import freshness
        from integrations import flows

        freshness.set_limits(flows.limits())
