"""Carts: what a person is about to order or to ask for, per company."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from catalog.models import Product, ProductUnit


class Cart(models.Model):
    """The one cart of a person in a company (CRT-01).

    token: identifies this filling of the cart; an order or RFQ made from it carries it, under a
    unique constraint, and the emptied cart gets a new one: twice submitted is once ordered.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    po_number = models.CharField(_("PO number"), max_length=60, blank=True)
    note = models.TextField(_("note"), blank=True)
    requested_on = models.DateField(_("requested date"), null=True, blank=True)
    cost_centre = models.CharField(_("cost centre"), max_length=30, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="cart_user_company")]

    def __str__(self) -> str:
        return f"{self.user} · {self.company}"


class CartLine(models.Model):
    """A product in a unit; asking again adds to the quantity."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey(ProductUnit, on_delete=models.CASCADE, related_name="+")
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=6)
    target_price = models.DecimalField(
        _("target price per unit"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "product", "unit"], name="cart_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="cart_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit}"
