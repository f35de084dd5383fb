from django.urls import path

from portal.uploads import order_views as orders
from portal.uploads import views

urlpatterns = [
    path("", views.uploads, name="uploads"),
    path("orders/<str:order_id>/", orders.one, name="uploads-order"),
    path("orders/<str:order_id>/approve/", orders.approve, name="uploads-order-approve"),
    path("orders/<str:order_id>/decline/", orders.decline, name="uploads-order-decline"),
    path("orders/<str:order_id>/take-back/", orders.take_back, name="uploads-order-take-back"),
    path("<str:submission_id>/order/<str:kind>/", orders.new, name="uploads-order-new"),
    path("<str:submission_id>/order/<str:kind>/give/", orders.give, name="uploads-order-give"),
    path("<str:submission_id>/", views.detail, name="uploads-detail"),
    path("<str:submission_id>/receipt.json", views.receipt, name="uploads-receipt"),
    path("<str:submission_id>/errors.csv", views.errors_csv, name="uploads-errors-csv"),
    path("<str:submission_id>/errors.json", views.errors_json, name="uploads-errors-json"),
]
