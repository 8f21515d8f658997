"""What the statistics of air, surface water, the sound environment and emissions keep.

All media share series, hours, days, figures of longer spans, reviews, revisions and the list of what is dirty; the
index and summary of air, the class of water, the attainment of noise and the summary of emissions have tables of their
own. The hours of emissions stay in the store: their days are handed in by whoever keeps the accounts of outlets.

Hours are originals: they are written as they came and never changed by a review. A review stands beside them and says
which hours do not count, with the reason and the second person. Days, indices and longer statistics are computed from
both, again and again as late or revised hours and reviews come in; each change of a day's figure is kept with why.
"""

from ecobureau.web.statistics.models.air import AirIndexDay, AirSeries, AirSummary, DayMark
from ecobureau.web.statistics.models.common import (
    Day,
    Dirty,
    Figure,
    Hours,
    PointChange,
    Review,
    Revision,
    Series,
    SpanRevision,
)
from ecobureau.web.statistics.models.emission import EmissionSummary
from ecobureau.web.statistics.models.noise import NoiseSummary
from ecobureau.web.statistics.models.past import HistoryFile
from ecobureau.web.statistics.models.targets import Target
from ecobureau.web.statistics.models.water import WaterSample, WaterSummary
from ecobureau.web.statistics.models.words import (
    ALL_ITEMS,
    AnySpan,
    Cause,
    Item,
    Medium,
    NoiseDayItem,
    NoiseItem,
    SampleItem,
    Span,
    WaterItem,
)

__all__ = [
    "ALL_ITEMS",
    "AirIndexDay",
    "AirSeries",
    "AirSummary",
    "AnySpan",
    "Cause",
    "Day",
    "DayMark",
    "Dirty",
    "EmissionSummary",
    "Figure",
    "HistoryFile",
    "Hours",
    "Item",
    "Medium",
    "NoiseDayItem",
    "NoiseItem",
    "NoiseSummary",
    "PointChange",
    "Review",
    "Revision",
    "SampleItem",
    "Series",
    "Span",
    "SpanRevision",
    "Target",
    "WaterItem",
    "WaterSample",
    "WaterSummary",
]
