"""Addresses of the REST API, version 1."""

from django.urls import path

from portal.api.v1 import description, orders, products

app_name = "api"

urlpatterns = [
    path("openapi.json", description.Description.as_view(), name="description"),
    path("products/", products.ProductList.as_view(), name="product-list"),
    path("products/<str:sku>/", products.ProductDetail.as_view(), name="product-detail"),
    path("products/<str:sku>/price/", products.ProductPrice.as_view(), name="product-price"),
    path("orders/", orders.OrderList.as_view(), name="order-list"),
    path("orders/<str:number>/", orders.OrderDetail.as_view(), name="order-detail"),
]
