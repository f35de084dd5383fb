"""The Results page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.permissions import Permission, check_may
from portal.alerts.health import standings
from portal.alerts.models import WarningRecord
from portal.results import blocked, page, queries


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_RESULTS)
    context = {
        **_blocked(request.user),
        **_detection(),
        **_dispatch(request.user),
        **_graph(request.user),
        **_stations(request.user),
        "notice": page.notice_lines(
            standings(WarningRecord.objects.select_related("participant")), reader=request.user
        ),
        "now": timezone.now(),
        "suppressed": request.user.institution_id is not None,
    }
    return render(request, "results/results.html", context)


def _blocked(reader) -> dict:
    result = queries.latest("blocked")
    lines = blocked.scenario_lines(result.body) if result else []
    return {
        "blocked": result,
        "scenarios": lines,
        "blocked_chart": blocked.blocked_chart(lines),
        "institutions": blocked.institution_lines(result.body, reader=reader) if result else [],
        "delays": blocked.delay_lines(result.body) if result else [],
        "assumptions": blocked.assumptions(result.body) if result else [],
    }


def _detection() -> dict:
    result = queries.latest("detection")
    return {"detection": result, "capacities": page.capacity_lines(result.body) if result else []}


def _dispatch(reader) -> dict:
    result = queries.latest("dispatch")
    return {
        "dispatch": result,
        "dispatch_names": page.dispatch_names(),
        "dispatch_lines": page.dispatch_lines(result.body, reader=reader) if result else [],
    }


def _graph(reader) -> dict:
    layers, legs = queries.latest("layers"), queries.latest("legs")
    return {
        "layers": layers,
        "layer_chart": page.layer_chart(layers.body) if layers else None,
        "layer_lines": page.layer_lines(layers.body, reader=reader) if layers else [],
        "legs": legs,
        "leg_totals": page.leg_totals(legs.body) if legs else [],
        "leg_lines": page.leg_lines(legs.body, reader=reader) if legs else [],
    }


def _stations(reader) -> dict:
    run = queries.last_run()
    return {
        "run": run,
        "station_lines": page.station_lines(run) if run else [],
        "station_chart": page.station_chart(run) if run else None,
        "station_rows": reader.institution_id is None,  # the rows of dispatch are the sum over all institutions
    }
