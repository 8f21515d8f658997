"""The table of monitored factors follows the protocol's rule pack."""

from __future__ import annotations

from django.db import transaction

from ecobureau.web.core.access import Viewer
from ecobureau.web.places.door import must_change
from ecobureau.web.sources.factor_rows import factor_rows
from ecobureau.web.sources.models import Factor


@transaction.atomic
def sync_factors(actor: Viewer) -> int:
    """Bring the factor table up to the data files of the rule packs; none is ever removed. Returns their number."""
    must_change(actor)
    rows = [Factor(**row) for row in factor_rows()]
    columns = [field.name for field in Factor._meta.concrete_fields if not field.primary_key]
    Factor.objects.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=columns)
    return len(rows)
