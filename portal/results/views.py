"""The Results page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.permissions import Permission, check_may
from portal.alerts.health import standings
from portal.results import blocked, headline, page, queries, shadow
from portal.results.redaction import for_reader


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_RESULTS)
    context = {
        "price_label": _("Controlled and never listed"),
        **_blocked(request.user),
        **_shadow(),
        **_detection(),
        **_dispatch(request.user),
        **_graph(request.user),
        **_stations(request.user),
        "notice": page.notice_lines(standings(), reader=request.user),
        "now": timezone.now(),
        "suppressed": request.user.institution_id is not None,
    }
    return render(request, "results/results.html", context)


@require_safe
def report(request: HttpRequest, form: str) -> HttpResponse:
    """The one-page report as this reader may see it, in the reader's language. `form`: html or pdf."""
    check_may(request.user, Permission.READ_RESULTS)
    result = queries.latest("blocked")
    if result is None or not blocked.is_answer(result.body):
        raise Http404
    from cleanroom.results import blocked as printed  # draws charts: slow to load, and only here

    language = "zh_hant" if (get_language() or "").startswith("zh") else "en"
    known = {"computed_at": result.computed_at, "run_id": result.run_id}
    content = printed.page(for_reader(result.body, request.user), language, **known)
    types = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
    made = content if form == "html" else printed.pdf(content, **known)
    name = f"blocked-{result.computed_at:%Y%m%d}.{form}"
    return HttpResponse(
        made, content_type=types[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _blocked(reader) -> dict:
    result = queries.latest("blocked")
    if result is None or not blocked.is_answer(result.body):
        return {"blocked": result, "scenarios": []}
    body = for_reader(result.body, reader)
    lines = blocked.scenario_lines(body)
    return {
        "blocked": result,
        "scenarios": lines,
        "headline": headline.headline(lines[-1]),
        "cases": headline.cases(body),
        "has_intervals": blocked.has_intervals(body),
        "is_single": blocked.is_single(body),
        "alone": blocked.alone_lines(body),
        "nesting": blocked.nesting_lines(body),
        "blocked_chart": blocked.blocked_chart(lines),
        "curves": blocked.curve_charts(body),
        "delay_labels": blocked.delay_labels(),
        "delays": blocked.delay_lines(body, body["curve"]["scenarios"]),
        "parts": blocked.part_tables(body),
        "price_label": blocked.price_label(body),
        "assumptions": blocked.assumptions(body),
    }


def _shadow() -> dict:
    result = queries.latest("shadow")
    lines = shadow.shadow_lines(result.body) if result else []
    return {"shadow": result, "shadow_lines": lines}


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
