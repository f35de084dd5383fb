from django.urls import path

from portal.results import views

urlpatterns = [path("", views.results, name="results")]
