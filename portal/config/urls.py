"""Every address. Each app brings its own `urls.py`; its pages live under its own name."""

import importlib.util

from django.conf import settings
from django.urls import include, path

from portal.common import views
from portal.config.api import api

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.set_language, name="set-language"),
    path("api/v1/", api.urls),
    *(
        path(f"{app.rpartition('.')[2]}/", include(f"{app}.urls"))
        for app in settings.OWN_APPS
        if importlib.util.find_spec(f"{app}.urls")
    ),
]

handler400 = "portal.common.views.bad_request"
handler403 = "portal.common.views.forbidden"
handler404 = "portal.common.views.not_found"
handler500 = "portal.common.views.server_error"
