"""How computed rows are written, whichever medium they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Model

_BATCH = 2_000


def put_rows(rows: Iterable[Model], unique: Sequence[str], fields: Sequence[str]) -> None:
    """Write rows of one model, each new or in the place of the one with the same key.

    Args:
        unique: the fields of the key. fields: what is written anew where the key is known.
    """
    given = list(rows)
    if given:
        type(given[0])._default_manager.bulk_create(
            given, update_conflicts=True, unique_fields=unique, update_fields=fields, batch_size=_BATCH
        )
