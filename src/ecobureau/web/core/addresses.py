"""Where things are: every record has one permanent address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse

from ecobureau.web.core.models import Attachment, Record
from ecobureau.web.core.registry import Kind, kind_of


def of_list(kind: Kind, query: Mapping[str, str] | None = None, page: str = "list") -> str:
    """Return the address of a kind's list (or `board`, `statistics`, `new`), with filters."""
    address = reverse(f"core:{page}", args=[kind.plural])
    return f"{address}?{urlencode(query)}" if query else address


def of(record: Record) -> str:
    """Return the address of a record."""
    return reverse("core:detail", args=[kind_of(type(record)).plural, record.number])


def of_verb(record: Record, verb: str) -> str:
    """Return the address at which a verb is done to a record."""
    kind = kind_of(type(record))
    if verb in kind.pages:
        return reverse(kind.pages[verb], args=[record.number])
    return reverse("core:do", args=[kind.plural, record.number, verb])


def of_file(attachment: Attachment, *, original: bool = False) -> str:
    """Return the address of a file: the copy for display, or the original."""
    address = reverse("core:file", args=[attachment.uuid])
    return f"{address}?original=1" if original else address
