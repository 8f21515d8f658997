"""The data model: what it learns, when it keeps silent, that it never looks ahead, and its helpers."""

from __future__ import annotations

import numpy as np
import pytest

from domain.detection.link_plant import gas
from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.changes import blocks_of, cusum, medians_of
from ecobureau.domain.detection.model.expected import Expected, Settings, best_lag, fit_expected, refit_times, shift
from ecobureau.domain.detection.model.multivariate import fit_components
from ecobureau.domain.detection.model.outlet import cycle_of, expected_of
from ecobureau.domain.detection.model.profile import discord_score, nearest_earlier
from ecobureau.domain.detection.model.robust import huber_line, scale_of
from ecobureau.domain.detection.model.score import window_score
from ecobureau.domain.detection.model.spells import lagged_level, lagged_median, spells_of, trailing_median
from ecobureau.domain.detection.types import Finding, NoOpinion

DAY = 86_400


def simple(days: int = 40, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return t, an input and a target with ln y = 2 + 0.8 x + noise of 0.1."""
    rng = np.random.default_rng(seed)
    n = 24 * days
    x = np.sin(np.arange(n) / 5.0) + 0.3 * rng.normal(size=n)
    return np.arange(n, dtype=np.int64) * 3600, x, np.exp(2 + 0.8 * x + 0.1 * rng.normal(size=n))


def test_huber_line_shrugs_off_a_tenth_of_wild_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2))
    y = 3 + x @ np.array([2.0, -1.0]) + 0.1 * rng.normal(size=500)
    y[:50] += 20
    line = huber_line(x, y, ridge=0.0)
    inside = line.predict(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert inside == pytest.approx([3.0, 5.0, 2.0], abs=0.1)
    assert scale_of(y[50:] - line.predict(x[50:])) < 0.15


def test_no_opinion_out_of_the_range_of_training() -> None:
    t, x, y = simple()
    x[900] = 9.0
    e = fit_expected("a21026", t, y, {"x": x}, np.ones(len(t), dtype=bool))
    assert e is not None
    assert np.isnan(e.center[900])
    assert np.isfinite(e.center[901])
    assert float(np.nanmedian(np.abs(e.ln_ratio))) < 0.1
    inside = (y >= e.lo) & (y <= e.hi)
    assert 0.84 < inside[e.known].mean() < 0.96


def test_no_opinion_without_history() -> None:
    t, x, y = simple(3)
    assert fit_expected("a21026", t, y, {"x": x}, np.ones(len(t), dtype=bool)) is None
    t, x, y = simple(40)
    assert fit_expected("a21026", t, y, {"x": x}, np.zeros(len(t), dtype=bool)) is None


def test_opinion_never_looks_ahead() -> None:
    t, x, y = simple()
    use = np.ones(len(t), dtype=bool)
    whole = fit_expected("a21026", t, y, {"x": x}, use)
    cut = 24 * 25
    part = fit_expected("a21026", t[:cut], y[:cut], {"x": x[:cut]}, use[:cut])
    assert whole is not None
    assert part is not None
    np.testing.assert_allclose(whole.center[:cut], part.center)
    np.testing.assert_allclose(whole.z[:cut], part.z)


def test_cards_tell_period_and_hold_off() -> None:
    t, x, y = simple()
    settings = Settings()
    e = fit_expected("a21026", t, y, {"x": x}, np.ones(len(t), dtype=bool), settings)
    assert e is not None
    assert [card.fitted_at for card in e.cards] == refit_times(t, settings)
    last = e.cards[-1]
    assert last.fitted_at - last.end >= settings.holdoff_d * DAY
    assert last.inputs == ("x",)
    assert last.explained > 0.9


def test_a_new_level_is_not_learnt_at_once_but_accepted_after_the_quarantine() -> None:
    t, x, y = simple(60)
    y[24 * 20 :] *= 0.5
    e = fit_expected("a21026", t, y, {"x": x}, np.ones(len(t), dtype=bool))
    assert e is not None
    day = lambda d: float(np.nanmedian(e.ln_ratio[24 * d : 24 * d + 24]))  # noqa: E731
    assert day(21) == pytest.approx(np.log(0.5), abs=0.1)
    assert day(30) == pytest.approx(np.log(0.5), abs=0.1)
    assert abs(day(58)) < 0.35


def test_boosted_model_only_where_it_wins() -> None:
    t, x, y = simple(30)
    use = np.ones(len(t), dtype=bool)
    bent = np.exp(2 + np.abs(x) + 0.05 * np.random.default_rng(1).normal(size=len(t)))
    settings = Settings(boost=True, refit_d=30, early_refit_d=30, min_d=14)
    straight = fit_expected("a21026", t, y, {"x": x}, use, settings)
    curved = fit_expected("a21026", t, bent, {"x": x}, use, settings)
    assert straight is not None
    assert curved is not None
    assert straight.cards[-1].kind == "robust"
    assert curved.cards[-1].kind == "boosted"
    assert curved.cards[-1].holdout_boosted < 0.9 * curved.cards[-1].holdout_robust


def test_lag_of_the_inlet() -> None:
    rng = np.random.default_rng(2)
    x = np.convolve(rng.normal(size=500), np.ones(12) / 12, mode="same")
    y = shift(x, 7) + 0.02 * rng.normal(size=500)
    assert best_lag(y, x, np.ones(500, dtype=bool), 36) == 7
    assert best_lag(rng.normal(size=500), x, np.ones(500, dtype=bool), 36) == 0


def test_models_of_an_outlet_are_kept_and_say_why_they_are_silent() -> None:
    case = gas(20).case()
    first = expected_of(case, "a21026")
    assert isinstance(first, Expected)
    assert expected_of(case, "a21026") is first
    assert expected_of(case, "w01018") == NoOpinion("detection.no_factor", {"factor": "w01018"})
    assert cycle_of(case, "a21026") == 1


def test_second_model_scores_what_leaves_its_band() -> None:
    plant = gas(30)
    plant.values["a21026"][plant.span(600, 624)] *= 3
    case = plant.case()
    t = plant.t0

    def finding(a: float, b: float) -> Finding:
        return Finding("P31", t + int(a * 3600), t + int(b * 3600), t + int(b * 3600), ("a21026",), 1, 1, 0.5, 2)

    assert window_score(case, finding(600, 624)) > 0.9
    assert window_score(case, finding(500, 524)) < 0.4


def test_blocks_of_levels() -> None:
    rng = np.random.default_rng(3)
    x = np.r_[rng.normal(size=40), 4 + rng.normal(size=40), rng.normal(size=40)]
    x[10] = np.nan
    blocks = blocks_of(x)
    assert [b.first for b in blocks] == pytest.approx([0, 40, 80], abs=1)
    assert [round(b.level) for b in blocks] == [0, 4, 0]
    assert len(blocks_of(rng.normal(size=200))) == 1


def test_cusum_finds_a_creeping_shift_and_starts_anew() -> None:
    z = np.r_[np.zeros(50), np.full(20, 1.5)]
    z[5] = np.nan
    _up, _down, alarms = cusum(z)
    assert 52 < alarms[0] < 60
    assert len(alarms) >= 2


def test_medians_of_blocks() -> None:
    x = np.arange(12, dtype=float)
    use = np.ones(12, dtype=bool)
    use[6:] = False
    np.testing.assert_array_equal(medians_of(x, use, 6, 3), [2.5, np.nan])


def test_components_name_the_factor_that_breaks_ranks() -> None:
    rng = np.random.default_rng(4)
    common = rng.normal(size=(600, 1))
    x = common * np.array([1.0, 2.0, -1.0]) + 0.1 * rng.normal(size=(600, 3))
    model = fit_components(x, ("a", "b", "c"))
    assert model is not None
    assert (model.look(x).q > model.limit_q).mean() < 0.02
    broken = np.array([[1.0, 2.0, 1.0]])
    look = model.look(broken)
    assert look.q[0] > 5 * model.limit_q
    assert int(np.argmax(look.to_q[0])) == 2
    assert fit_components(x[:15], ("a", "b", "c")) is None


def test_nearest_earlier_finds_a_replay() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=240)
    x[180:204] = x[60:84]
    distance, where = nearest_earlier(x, 24)
    assert where[180] == 60
    assert distance[180] < 1e-6
    assert distance[100] > 3


def test_nearest_earlier_is_that_of_every_pair() -> None:
    rng = np.random.default_rng(6)
    x, width = np.cumsum(rng.normal(size=150)), 12
    x[70] = np.nan
    x[100:115] = 3.0
    distance, where = nearest_earlier(x, width)
    views = np.lib.stride_tricks.sliding_window_view(x, width)
    spread = views.std(axis=1)
    for at in range(len(views)):
        best = min(
            (
                (
                    float(np.linalg.norm((views[at] - views[at].mean()) / spread[at] - (b - b.mean()) / spread[place])),
                    place,
                )
                for place, b in enumerate(views[: max(0, at - 3)])
                if np.isfinite(b).all() and spread[place] > 1e-6
            ),
            default=(np.nan, -1),
        )
        if not np.isfinite(views[at]).all() or spread[at] < 1e-6:
            best = (np.nan, -1)
        assert where[at] == best[1]
        assert distance[at] == pytest.approx(best[0], nan_ok=True, abs=1e-6)


def test_a_shape_never_seen_scores_above_what_was() -> None:
    rng = np.random.default_rng(7)
    x = np.sin(np.arange(600) * 2 * np.pi / 24) + 0.05 * rng.normal(size=600)
    x[480:504] = np.linspace(-1, 1, 24) ** 3
    distance, _where = nearest_earlier(x, 24)
    score = discord_score(distance, 24, 240)
    assert score[480] > 1.5 and np.nanmedian(score[300:450]) < 1
    assert np.isnan(score[:240]).all()
    none, nowhere = nearest_earlier(x[:30], 24)
    assert np.isnan(none).all() and (nowhere == -1).all()


@pytest.mark.parametrize("size", [1, 2, 3, 10, 399, 400, 401, 1000])
def test_quick_order_statistics_are_those_of_numpy(size: int) -> None:
    x = np.random.default_rng(size).normal(size=size)
    assert quick.median(x) == np.median(x)
    assert quick.quantile(x, 0.9) == pytest.approx(np.quantile(x, 0.9), rel=1e-12)
    holed = np.r_[x, np.nan]
    assert np.isnan(quick.median(holed)) and quick.nanmedian(holed) == np.median(x)
    assert quick.nanmean(holed) == pytest.approx(x.mean())
    assert quick.row_medians(np.vstack([holed, np.full(size + 1, np.nan)]))[0] == np.median(x)
    assert np.isnan(quick.median(x[:0])) and np.isnan(quick.quantile(x[:0], 0.5))


def test_levels_of_the_past_are_the_medians_of_their_windows() -> None:
    rng = np.random.default_rng(8)
    x, use = rng.normal(size=400), rng.random(400) > 0.2
    x[50:70] = np.nan
    level, scale = lagged_level(x, use, hold=24, window=100, every=7, least=20)
    for at in range(0, 400, 7):
        end = at - min(24, at // 3)
        part = x[max(0, end - 100) : end]
        part = part[use[max(0, end - 100) : end] & np.isfinite(part)]
        middle = np.median(part) if len(part) >= 20 else np.nan
        assert level[at : at + 7] == pytest.approx(np.full(len(level[at : at + 7]), middle), nan_ok=True)
        spread = 1.4826 * np.median(np.abs(part - middle)) if len(part) >= 20 else np.nan
        assert scale[at] == pytest.approx(spread, nan_ok=True)
    same = lagged_median(x, use, hold=24, window=100, every=7, least=20)
    assert np.array_equal(same, level, equal_nan=True)


def test_spells_are_raised_when_filled_and_only_grow() -> None:
    hit = np.zeros(60, dtype=bool)
    hit[[3, 20, 21, 23, 24, 25, 40]] = True
    seen = np.ones(60, dtype=bool)
    (one,) = spells_of(hit, seen, need=4, share=0.6, gap=6)
    assert (one.first, one.raised, one.stop) == (20, 24, 26)
    (early,) = spells_of(hit[:25], seen[:25], need=4, share=0.6, gap=6)
    assert (early.first, early.raised) == (20, 24)
    assert spells_of(hit, seen, need=6, share=0.9) == []


def test_levels_of_the_past_lag_behind() -> None:
    x = np.r_[np.zeros(200), np.ones(100)]
    level, _scale = lagged_level(x, np.ones(300, dtype=bool), hold=48, window=60, every=6, least=24)
    assert level[210] == 0.0
    assert level[299] == 1.0
    middle = trailing_median(x, 11, 6)
    assert np.isnan(middle[3])
    assert middle[204] == 0.0
    assert middle[206] == 1.0
