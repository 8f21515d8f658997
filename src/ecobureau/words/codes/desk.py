"""Words of the desk and the map."""

from ecobureau.words import _

CODES = {
    "desk.map.at": _("时间“{given}”不对：要带时区，在过去 {hours} 小时之内。"),
}
