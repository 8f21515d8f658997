"""What writes in the statistics: one function for each act, kept in modules by subject and had from here."""

from ecobureau.web.statistics.services_data import DayOfHours, compute_again, put_days, put_hours, put_series, soil
from ecobureau.web.statistics.services_marks import (
    decide_mark,
    may_decide_mark,
    may_propose_mark,
    may_withdraw_mark,
    propose_mark,
    withdraw_mark,
)
from ecobureau.web.statistics.services_points import may_set, set_assessed, set_section
from ecobureau.web.statistics.services_reviews import (
    decide_review,
    may_decide,
    may_propose,
    may_restore,
    propose_review,
    restore_review,
)
from ecobureau.web.statistics.services_stations import (
    follow_stations,
    take_from_stations,
    take_published,
    take_recent,
)
from ecobureau.web.statistics.services_targets import drop_target, kinds_of, may_set_target, put_target, settable_places

__all__ = [
    "DayOfHours",
    "compute_again",
    "decide_mark",
    "decide_review",
    "drop_target",
    "follow_stations",
    "kinds_of",
    "may_decide",
    "may_decide_mark",
    "may_propose",
    "may_propose_mark",
    "may_restore",
    "may_set",
    "may_set_target",
    "may_withdraw_mark",
    "propose_mark",
    "propose_review",
    "put_days",
    "put_hours",
    "put_series",
    "put_target",
    "restore_review",
    "set_assessed",
    "settable_places",
    "set_section",
    "soil",
    "take_from_stations",
    "take_published",
    "take_recent",
    "withdraw_mark",
]
