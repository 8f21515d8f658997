"""Every source and clause that the pages show has an English text beside the Chinese one."""

from __future__ import annotations

import re
import tomllib

import pytest

from ecobureau.rulepacks import HERE
from ecobureau.rulepacks.citations import cited

_CHINESE = re.compile("[\u4e00-\u9fff；：（）《》，。]")


PACKS = [
    "air",
    "water",
    "noise",
    "emission",
    "targets",
    "trends",
    "judging",
    "limits",
    "matter",
    "outfalls",
    "public_codes",
]
PACKS += ["detection", "detection_feedback", "detection_law", "detection_physics", "detection_shape"]
PACKS += ["rectification", "remote_stop", "risk", "scenario_kinds", "sla", "upkeep", "visits"]


@pytest.mark.parametrize("pack", PACKS)
def test_sources_and_clauses_have_english(pack: str) -> None:
    entries = tomllib.loads((HERE / f"{pack}.toml").read_text(encoding="utf-8"))["entry"]
    texts = {entry.get(key, "") for entry in entries for key in ("source", "clause")}
    lacking = sorted(text for text in texts if _CHINESE.search(cited(text, "en")))
    assert not lacking


def test_chinese_stays_as_it_stands_and_unknown_texts_too() -> None:
    assert cited("表 1 过渡阶段", "zh-hans") == "表 1 过渡阶段"
    assert cited("本市规定第三条", "en") == "本市规定第三条"
    assert cited("市级建议 按等级的办理时限", "en") == "Our proposal, for the city to decide: Limits by level"
    assert cited("GB 3096-2008；GB 12523-2011", "en") == "GB 3096-2008; GB 12523-2011"
