"""The specification page: versions, sign-offs, fields in both languages, templates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cleanroom.contracts.specification import DatasetContract, load_specification
from cleanroom.errors import NotFound
from cleanroom.vocabulary.terms import Dataset
from portal.accounts.permissions import Permission, check_may, may
from portal.common.posting import done
from portal.common.said import said
from portal.common.tables import as_csv
from portal.participants import queries
from portal.participants.actions.ratify_specification import publish_specification, ratify_specification
from portal.participants.fields import rows_of, template_row


@require_safe
def specification(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_PROGRAMME)
    person, held = request.user, load_specification()
    versions = queries.specification_versions()
    context = {
        "versions": versions, "held": held, "chinese": (get_language() or "").startswith("zh"),
        "datasets": [(contract, rows_of(contract)) for contract in held.datasets.values()],
        "unpublished": all(version.version != held.version for version in versions),
        "matrix": queries.ratification_matrix(),
        "may_publish": may(person, Permission.PUBLISH_SPECIFICATION),
        "may_ratify": may(person, Permission.RATIFY_SPECIFICATION, institution=person.institution_code),
        "ratified": set(queries.versions_ratified_by(person.institution)),
    }  # fmt: skip
    return render(request, "participants/specification.html", context)


@require_safe
def template(request: HttpRequest, version: int, dataset: str) -> HttpResponse:
    """An empty file of this dataset: its header and one line of what stands in each column."""
    check_may(request.user, Permission.READ_PROGRAMME)
    contract = _contract(version, dataset)
    return as_csv([contract.column_names, template_row(contract)], name=f"{dataset}-v{version}")


def _contract(version: int, dataset: str) -> DatasetContract:
    if dataset not in set(Dataset):
        raise NotFound(**said("the specification has no such dataset"))
    return load_specification(version).datasets[Dataset(dataset)]


@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    held = load_specification()
    return done(
        request, lambda: publish_specification(by=request.user, version=held.version, digest=held.digest),
        sentence=_("The version is up for ratification."), back="specification",
    )  # fmt: skip


@require_POST
def ratify(request: HttpRequest, version: int) -> HttpResponse:
    return done(
        request, lambda: ratify_specification(by=request.user, version=version),
        sentence=_("The version is ratified for your institution."), back="specification",
    )  # fmt: skip
