"""Registers core with Django."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Operations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load every app's records, where the owners of fields are declared; let the database write history."""
        from core import history, lookups, triggers

        lookups.register()
        autodiscover_modules("records")
        connection_created.connect(history.listen, dispatch_uid="history")
        post_migrate.connect(triggers.install, sender=self, dispatch_uid="history")
