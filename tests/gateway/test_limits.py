"""Token buckets and settings: how much one peer may send."""

from dataclasses import fields
from pathlib import Path

import pytest

from ecobureau.gateway.limits import Buckets, TokenBucket
from ecobureau.gateway.settings import BadSetting, Settings


def test_burst_is_free_and_then_the_rate_holds():
    bucket = TokenBucket(60)
    assert [bucket.owe(100.0) for _ in range(60)] == [0.0] * 60
    assert bucket.owe(100.0) == pytest.approx(1.0)
    assert bucket.owe(100.0) == pytest.approx(2.0)


def test_debt_is_paid_by_time():
    bucket = TokenBucket(60, capacity=1)
    assert bucket.owe(0.0) == 0.0
    assert bucket.owe(0.0) == pytest.approx(1.0)
    assert bucket.owe(2.0) == 0.0


def test_debt_is_bounded():
    bucket = TokenBucket(60, capacity=10)
    for _ in range(1000):
        bucket.owe(0.0)
    assert bucket.owe(0.0) == pytest.approx(10.0)


def test_a_bucket_never_holds_more_than_its_capacity():
    bucket = TokenBucket(60, capacity=2)
    bucket.owe(0.0)
    assert [bucket.owe(1_000_000.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(1.0)]


def test_one_address_does_not_use_up_the_allowance_of_another():
    buckets = Buckets(2)
    assert [buckets.owe("a", 0.0), buckets.owe("a", 0.0)] == [0.0, 0.0]
    assert buckets.owe("a", 0.0) > 0
    assert buckets.owe("b", 0.0) == 0.0


def test_buckets_forget_the_longest_unused():
    buckets = Buckets(1, most=2)
    for name in ("a", "b", "a", "c"):
        buckets.owe(name, 0.0)
    assert len(buckets) == 2
    assert buckets.owe("a", 0.0) > 0
    assert buckets.owe("b", 0.0) == 0.0


def test_settings_come_from_the_environment():
    settings = Settings.of({"ECOBUREAU_GATEWAY_IDLE_TIMEOUT": "30", "ECOBUREAU_GATEWAY_FIRST_CONTACT": "on", "X": "1"})
    assert (settings.idle_timeout, settings.first_contact) == (30.0, True)
    assert settings.batch_frames == Settings().batch_frames


@pytest.mark.parametrize(
    ("name", "text"), [("BATCH_FRAMES", "many"), ("BATCH_FRAMES", "0"), ("FIRST_CONTACT", "maybe")]
)
def test_a_setting_that_cannot_be_read_is_named(name, text):
    with pytest.raises(BadSetting) as caught:
        Settings.of({f"ECOBUREAU_GATEWAY_{name}": text})
    assert caught.value.name == f"ECOBUREAU_GATEWAY_{name}"
    assert caught.value.text == text


def test_every_setting_stands_in_the_docs():
    page = (Path(__file__).parents[2] / "docs/reference/gateway.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(Settings) if f"`{field.name}`" not in page] == []
