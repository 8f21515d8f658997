"""What residents see without signing in: the public page of a scanned code tells of night work and remote stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ecobureau.web.remote_stop import selectors
from ecobureau.web.sources import codes
from ecobureau.web.sources.codes import Fact, PublicView
from ecobureau.web.sources.models import Station

_FIELDS = {"station": "pk", "outlet": "outlet_id", "enterprise": "outlet__enterprise_id"}


def install() -> None:
    """Let the public pages of stations, outlets and enterprises tell of it (done once, when Django starts)."""
    for what in _FIELDS:
        subject = codes.subject(what)
        if subject is not None:
            codes.register(replace(subject, public=_telling(what, subject.public)))


def _telling(what: str, plain: Callable[[int], PublicView | None]) -> Callable[[int], PublicView | None]:
    def public(object_id: int) -> PublicView | None:
        view = plain(object_id)
        if view is None:
            return None
        rows = Station.objects.filter(**{_FIELDS[what]: object_id}, st=selectors.NOISE_ST)
        pairs = list(rows.values_list("pk", "outlet__enterprise_id"))
        if not pairs:
            return view
        told = selectors.public_facts([pk for pk, _firm in pairs], [firm for _pk, firm in pairs if firm is not None])
        return replace(view, facts=(*view.facts, *(Fact(name, words) for name, words in told)))

    return public
