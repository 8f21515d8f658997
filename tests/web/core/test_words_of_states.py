"""A state and a verb of one kind never share a word: "Close" on a badge would read as a button, or a button as done."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import translation
from django.utils.translation import gettext

from ecobureau.web.core import registry


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_states_read_otherwise_than_verbs(language: str) -> None:
    shared: dict[str, set[str]] = {}
    twice: dict[str, list[str]] = {}
    with translation.override(language):
        for kind in registry.kinds():
            states = Counter(gettext(state.name).casefold() for state in kind.flow.states)
            verbs = {gettext(verb.name).casefold() for verb in kind.flow.transitions}
            assert states, kind.code
            shared[kind.code] = set(states) & verbs
            twice[kind.code] = [name for name, count in states.items() if count > 1]
    assert {kind: words for kind, words in shared.items() if words} == {}
    assert {kind: words for kind, words in twice.items() if words} == {}
