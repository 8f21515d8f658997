"""Targets of a year: where a figure is going (a range), and what can still be afforded."""

from ecobureau.domain.targets.afford import (
    allowed_bad_days,
    allowed_mean,
    allowed_over_days,
)
from ecobureau.domain.targets.backtest import Backtest, Trial, backtest
from ecobureau.domain.targets.forecast import (
    Forecast,
    ForecastRules,
    forecast,
    forecast_months,
    middle_of,
    month_windows,
    windows,
)

__all__ = [
    "Backtest",
    "Forecast",
    "ForecastRules",
    "Trial",
    "allowed_bad_days",
    "allowed_mean",
    "allowed_over_days",
    "backtest",
    "forecast",
    "forecast_months",
    "middle_of",
    "month_windows",
    "windows",
]
