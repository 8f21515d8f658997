"""Every change of the registry leaves a line in the audit: who, what, which, and what it was before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer

HIDDEN = "***"
_SECRET = {"password_sealed", "sm4_key_sealed", "password", "sm4_key"}


def differences(row: models.Model, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return `{field: [before, after]}` of what `changes` would change; secrets are named, never shown."""
    found: dict[str, list[Any]] = {}
    for field, after in changes.items():
        before = getattr(row, field)
        if before != after:
            found[field] = [HIDDEN, HIDDEN] if field in _SECRET else [_plain(before), _plain(after)]
    return found


def note_change(actor: Viewer, verb: str, row: models.Model, *, number: str = "", **detail: Any) -> None:
    """Write the audit line of a change of the registry in the running transaction.

    Args:
        number: what people call the row: path, code or MN.
        detail: plain values; never a secret.
    """
    audit.write(
        actor,
        f"registry.{verb}",
        kind=row._meta.model_name or "",
        object_id=row.pk if isinstance(row.pk, int) else None,
        number=number[-32:],
        row=number,
        **{key: _plain(value) for key, value in detail.items()},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, models.Model):
        return value.pk
    return value
