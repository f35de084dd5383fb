from django.urls import path

from portal.signoffs import policy_views, views

urlpatterns = [
    path("", views.inventory, name="signoffs"),
    path("policy/", policy_views.policy, name="signoffs-policy"),
    path("policy/what-if", policy_views.try_policy, name="signoffs-what-if"),
    path("policy/form.xlsx", policy_views.empty_form, name="signoffs-form"),
    path("policy/form", policy_views.read_form, name="signoffs-form-read"),
    path("<str:release_id>/", views.release, name="signoffs-release"),
    path("<str:release_id>/form.xlsx", policy_views.release_form, name="signoffs-release-form"),
    path("<str:release_id>/packs/<str:pack>/<str:name>", views.pack_file, name="signoffs-pack"),
    path("<str:release_id>/submit", views.submit, name="signoffs-submit"),
    path("<str:release_id>/sign", views.sign, name="signoffs-sign"),
    path("<str:release_id>/waive", views.waive, name="signoffs-waive"),
    path("<str:release_id>/waivers/<str:control_id>/approve", views.waive_approve, name="signoffs-waive-approve"),
    path("<str:release_id>/publish", views.publish, name="signoffs-publish"),
    path("<str:release_id>/suspend", views.suspend, name="signoffs-suspend"),
    path("<str:release_id>/retire", views.retire, name="signoffs-retire"),
    path("<str:release_id>/hold", views.hold, name="signoffs-hold"),
    path("<str:release_id>/let-go", views.let_go, name="signoffs-let-go"),
]
