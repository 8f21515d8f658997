"""Model cards and weekly features: what the nightly pass learnt of each outlet, kept and handed to the next.

Refits are spread over the week: each outlet has its weekday.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from ecobureau.clock import beijing
from ecobureau.domain.detection.model.expected import ModelCard as FittedCard
from ecobureau.domain.detection.types import OutletFacts
from ecobureau.web.detection.looking import Card, Features
from ecobureau.web.detection.models import ModelCard, WeekFeatures

FRESH = timedelta(hours=36)
"""Features older than this are of other weeks: peers are compared with those of the last night."""
MOST_NEW = 40
WEEKS = 4
LONGEST = timedelta(days=8)
"""An outlet whose weekday was missed is fitted on the next night."""


def fitted(outlet_ids: Collection[int]) -> dict[int, datetime]:
    """Return when each outlet's data model was last refit."""
    rows = ModelCard.objects.filter(outlet_id__in=outlet_ids).order_by().values("outlet_id")
    return {row["outlet_id"]: row["newest"] for row in rows.annotate(newest=Max("fitted_at"))}


def due(outlet_ids: Iterable[int], at: datetime) -> dict[int, bool]:
    """Return the outlets whose data model is refit tonight, each with whether boosted quantiles are tried too.

    Those of the weekday, missed ones, and some new ones: new outlets do not wait for their weekday, but no more than
    `MOST_NEW` a night, so that the first night of a city is a night like any other. Boosted quantiles cost a hundred
    times the robust line: they are tried on a new outlet, then every fourth week.
    """
    ids = sorted(set(outlet_ids))
    local = beijing(at)
    known, out, new = fitted(ids), dict[int, bool](), 0
    for pk in ids:
        last, own_day = known.get(pk), pk % 7 == local.weekday()
        if last is None:
            new += 1
            if own_day or new <= MOST_NEW:
                out[pk] = new <= MOST_NEW or _own_week(pk, local)
        elif at - last > LONGEST or (own_day and beijing(last).date() < local.date()):
            out[pk] = _own_week(pk, local)
    return out


def _own_week(pk: int, local: datetime) -> bool:
    return pk // 7 % WEEKS == local.isocalendar().week % WEEKS


def keep(outlet_id: int, found: Iterable[Card]) -> None:
    """Keep the cards of an outlet in place of its earlier ones of the same factors."""
    for one in found:
        card = one.card
        values: dict[str, object] = {
            "inputs": list(card.inputs),
            "logs": card.logs,
            "start_at": _time(card.start),
            "end_at": _time(card.end),
            "fitted_at": _time(card.fitted_at),
            "samples": card.rows,
            "scale": float(card.scale),
            "explained": float(card.explained),
            "took_s": one.took_s,
        }
        if card.holdout_robust is not None and card.holdout_boosted is not None:
            values |= _tried(card)
        ModelCard.objects.update_or_create(
            outlet_id=outlet_id, factor=card.factor, defaults=values, create_defaults={"family": card.kind, **values}
        )


def _tried(card: FittedCard) -> dict[str, object]:
    """Return what the comparison of the two kinds of model said; it stays until the next one."""
    return {
        "family": card.kind,
        "holdout_robust": card.holdout_robust,
        "holdout_boosted": card.holdout_boosted,
    }


def of(outlet_id: int) -> list[ModelCard]:
    """Return the cards of an outlet, by factor."""
    return list(ModelCard.objects.filter(outlet_id=outlet_id))


def keep_weeks(facts: OutletFacts, features: Features, until: datetime) -> None:
    """Keep the features of an outlet's weeks for its peers."""
    WeekFeatures.objects.update_or_create(
        outlet_id=int(facts.outlet_id),
        defaults={
            "peers": _group(facts),
            "until": until,
            "features": {name: list(values) for name, values in features.items()},
        },
    )


def peers_of(of_outlets: Sequence[OutletFacts], until: datetime) -> dict[str, tuple[Features, ...]]:
    """Return by outlet id what the last night saw of the weeks of the outlets of the same industry; unknown: none."""
    groups = {_group(facts) for facts in of_outlets if facts.industry}
    found: dict[str, list[Features]] = {}
    rows = WeekFeatures.objects.filter(peers__in=groups, until__gte=until - FRESH, until__lte=until).order_by(
        "outlet_id"
    )
    for group, features in rows.values_list("peers", "features"):
        found.setdefault(group, []).append(features)
    return {facts.outlet_id: tuple(found.get(_group(facts), ()) if facts.industry else ()) for facts in of_outlets}


def _group(facts: OutletFacts) -> str:
    return f"{facts.kind}:{facts.industry}"[:140]


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)
