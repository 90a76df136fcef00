"""Registers accounts with Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Customers and people")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the staff groups in step with the permissions that migrations bring."""
        post_migrate.connect(_install, dispatch_uid="accounts.staff")


def _install(app_config: AppConfig, **kwargs: Any) -> None:
    # The permissions of the last app are there when its own post_migrate has run.
    from accounts.staff import install_staff_groups

    if app_config.label == "integrations":
        install_staff_groups()
