"""Addresses of the buyer pages."""

from django.urls import path

from portal.views import (
    approvals,
    cart,
    checkout,
    components,
    health,
    home,
    invoices,
    mails,
    orders,
    quotes,
    rfqs,
)
from portal.views.catalogue import listing, media, product

app_name = "portal"

urlpatterns = [
    path("home/", home.home, name="home"),
    path("company/", home.switch_company, name="company-switch"),
    path("catalogue/", listing.catalogue, name="catalogue"),
    path("catalogue/<slug:slug>/", listing.category, name="category-detail"),
    path("search/", listing.search, name="search"),
    path("products/<path:sku>/", product.product_detail, name="product-detail"),
    path("media/<path:reference>", media.media_file, name="media"),
    path("cart/", cart.cart_detail, name="cart"),
    path("cart/clear/", cart.cart_clear, name="cart-clear"),
    path("cart/details/", cart.details_set, name="cart-details"),
    path("cart/lines/", cart.line_add, name="cart-line-add"),
    path("cart/lines/<int:line_id>/", cart.line_change, name="cart-line-change"),
    path("cart/lines/<int:line_id>/remove/", cart.line_remove, name="cart-line-remove"),
    path("dev/components/", components.components, name="components"),
    path("rfqs/new/", rfqs.create, name="rfq-create"),
    path("rfqs/<str:number>/", rfqs.detail, name="rfq-detail"),
    path("rfqs/<str:number>/cancel/", rfqs.cancel, name="rfq-cancel"),
    path("quotes/", quotes.quote_list, name="quote-list"),
    path("quotes/<str:number>/", quotes.detail, name="quote-detail"),
    path("quotes/<str:number>/seen/", quotes.seen, name="quote-seen"),
    path("quotes/<str:number>/accept/", quotes.accept, name="quote-accept"),
    path("quotes/<str:number>/change/", quotes.change, name="quote-change"),
    path("quotes/<str:number>/decline/", quotes.decline, name="quote-decline"),
    path("checkout/", checkout.checkout_detail, name="checkout"),
    path("orders/", orders.order_list, name="order-list"),
    path("orders/<str:number>/", orders.order_detail, name="order-detail"),
    path("orders/<str:number>/approve/", orders.order_approve, name="order-approve"),
    path("orders/<str:number>/reject/", orders.order_reject, name="order-reject"),
    path("orders/<str:number>/cancel/", orders.order_cancel, name="order-cancel"),
    path("approvals/", approvals.approval_list, name="approval-list"),
    path("invoices/", invoices.invoice_list, name="invoice-list"),
    path("invoices/<path:number>/", invoices.invoice_detail, name="invoice-detail"),
    path("mails/", mails.mail_list, name="mail-list"),
    path("mails/<str:name>/", mails.mail_detail, name="mail-detail"),
    path("mails/<str:name>/html/", mails.mail_html, name="mail-html"),
    path("healthz", health.healthz, name="healthz"),
]
