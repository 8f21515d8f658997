"""The pages of data reviews: hours of any medium that do not count, proposed by one and decided by another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.statistics import selectors, services
from ecobureau.web.statistics.emission.selectors import factor_names, factors_of
from ecobureau.web.statistics.forms import ProposeForm
from ecobureau.web.statistics.models import ALL_ITEMS, Medium, Review
from ecobureau.web.statistics.pages_common import filled, tabs
from ecobureau.web.statistics.proposals import Deed, decided, shown

MOST = 200


@require_GET
@signed_in
def reviews_page(request: HttpRequest) -> HttpResponse:
    """The data reviews of the viewer's series, those to be decided first."""
    viewer = viewer_in(request)
    rows = list(selectors.reviews(viewer)[:MOST])
    rows.sort(key=lambda row: row.state != Review.State.PROPOSED)
    codes = {row.item for row in rows if row.series.medium == Medium.EMISSION and row.item}
    names = {**dict(ALL_ITEMS), **factor_names(codes, "en" if get_language() == "en" else "zh")}
    lines = [_line(viewer, row, names) for row in rows]
    return render(request, "statistics/reviews.html", {"tabs": tabs("reviews"), "lines": lines})


def _line(viewer: Viewer, row: Review, names: Mapping[str, object]) -> dict[str, Any]:
    words = {"accept": _("认定无效"), "refuse": _("不认定"), "restore": _("恢复计入")}
    may = services.may_decide(viewer, row), services.may_restore(viewer, row)
    undone = Deed(row.restored_by, row.restored_at, row.restored_why)
    return {
        **shown(row, undone, "statistics:decide", words, may),
        "item": names.get(row.item, row.item) if row.item else _("全部项目"),
        "url": f"statistics:{row.series.medium}_series",
    }


@require_POST
@signed_in
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose that hours of a point do not count."""
    viewer = viewer_in(request)
    series = selectors.one_of_any(viewer, pk)
    if series is None:
        raise Http404
    items = None
    if series.medium == Medium.EMISSION:
        items = list(factor_names(factors_of(viewer, pk), "zh").items())
    given = filled(request, ProposeForm(request.POST, medium=series.medium, items=items))
    if given is None:
        return redirect(f"statistics:{series.medium}_series", pk=pk)
    services.propose_review(viewer, series, **given)
    messages.success(request, _("已提出，待另一人复核"))
    return redirect("statistics:reviews")


@require_POST
@signed_in
def decide(request: HttpRequest, review: int, verb: str) -> HttpResponse:
    """Accept, refuse or restore."""
    viewer = viewer_in(request)
    if not selectors.sees_review(viewer, review):
        raise Http404
    decided(
        request,
        verb,
        lambda accept, note: services.decide_review(viewer, review, accept=accept, note=note),
        ("restore", lambda note: services.restore_review(viewer, review, reason=note)),
    )
    messages.success(request, _("已记录，统计值随后重算"))
    return redirect("statistics:reviews")
