"""Searching Chinese text without extensions: bigrams in a GIN index, then a check of the very text."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value


class Bigrams(Func):
    """The pairs of neighbouring characters of a text."""

    function = "bigrams"
    output_field = TextField()


class HoldsAll(Func):
    """Whether the first array holds every element of the second."""

    template = "(%(expressions)s)"
    arg_joiner = " @> "
    output_field = BooleanField()


def matching(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return the records whose search text holds every word of `text` (words are parted by blanks).

    A word of one character finds titles that begin with it: the index holds pairs.
    """
    for word in text.split()[:6]:
        if len(word) < 2:
            queryset = queryset.filter(Q(title__istartswith=word) | Q(number=word))
        else:
            queryset = queryset.filter(HoldsAll(Bigrams(F("search")), Bigrams(Value(word))), search__icontains=word)
    return queryset
