"""Words of public codes: refusals and the audit."""

from ecobureau.words import _

CODES = {
    "code.why": _("请写明原因，例如标牌丢失、被人冒用。"),
    "code.none": _("它没有在用的码，不能停用。"),
    "core.audit.code.issue": _("发码"),
    "core.audit.code.replaced": _("换发新码"),
    "core.audit.code.revoked": _("停用码"),
    "core.audit.code.closed": _("随对象注销停用码"),
    "core.audit.code.sheet": _("打印码标签"),
}
