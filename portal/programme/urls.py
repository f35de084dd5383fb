from django.urls import path

from portal.programme import views

urlpatterns = [
    path("", views.programme, name="programme"),
    path("close/", views.close, name="programme-close"),
]
