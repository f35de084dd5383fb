"""The API at /api/v1: tokens in, the messages of cleanroom.contracts both ways, problem+json on every refusal."""

import importlib.util

from django.conf import settings
from django.http import HttpRequest
from ninja import NinjaAPI

from portal.accounts.tokens import TokenAuth
from portal.common.exact_json import ExactJson
from portal.common.problems import install_handlers

api = NinjaAPI(
    title="Financial Clean Room portal",
    version="1",
    urls_namespace="api-v1",
    auth=TokenAuth(),
    renderer=ExactJson(),
    docs_url=None,  # the page would load its scripts from elsewhere; /api/v1/openapi.json is the document
)
install_handlers(api)


@api.get("/health", auth=None)
def health(request: HttpRequest) -> dict[str, str]:
    return {"status": "ok"}


for app in settings.OWN_APPS:
    if importlib.util.find_spec(f"{app}.api"):
        api.add_router("", f"{app}.api.router")
