from django.urls import path

from portal.alerts import views

urlpatterns = [
    path("", views.inbox, name="alerts"),
    path("health/", views.health, name="alerts-health"),
    path("health/stop", views.stop, name="alerts-stop"),
    path("health/lift", views.lift, name="alerts-lift"),
    path("health/cap/<str:code>/<str:day>", views.cap, name="alerts-cap"),
    path("<str:warning_id>/", views.warning, name="alerts-warning"),
    path("<str:warning_id>/answer", views.answer, name="alerts-answer"),
    path("<str:warning_id>/replay", views.replay_dead, name="alerts-replay"),
]
