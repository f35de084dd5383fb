from django.urls import path

from portal.uploads import views

urlpatterns = [
    path("", views.uploads, name="uploads"),
    path("<str:submission_id>/", views.detail, name="uploads-detail"),
    path("<str:submission_id>/receipt.json", views.receipt, name="uploads-receipt"),
    path("<str:submission_id>/errors.csv", views.errors_csv, name="uploads-errors-csv"),
    path("<str:submission_id>/errors.json", views.errors_json, name="uploads-errors-json"),
]
