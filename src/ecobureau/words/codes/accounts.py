"""Words of the accounts: sign-in, people, roles."""

from ecobureau.words import _

CODES = {
    "accounts.locked_out": _("连续 {times} 次输错，这个用户名已锁定 {minutes} 分钟。请稍后再试，或请管理员重设密码。"),
    "accounts.invalid": _("填写有误：{why}"),
    "accounts.name_taken": _("登录名“{username}”已有人用，请换一个。"),
    "accounts.not_yourself": _("不能对自己这样做，请由另一位管理员办理。"),
    "accounts.last_administrator": _("这是最后一位管理员，不能停用或撤销。请先任命另一位管理员。"),
    "accounts.unknown_role": _("没有“{role}”这个岗位。"),
    "accounts.grid_missing": _("网格员必须指定至少一个网格。"),
    "accounts.end_before_start": _("结束时间必须晚于开始时间。"),
    "accounts.not_to_hand_on": _("只能把自己正在担任的岗位（管理员除外）交给别人代理。"),
    "accounts.saved": _("已保存"),
    "accounts.audit.user_create": _("新建用户"),
    "accounts.audit.user_change": _("修改用户"),
    "accounts.audit.user_enable": _("启用用户"),
    "accounts.audit.user_disable": _("停用用户"),
    "accounts.audit.password_reset": _("重设密码"),
    "accounts.audit.password_change": _("修改密码"),
    "accounts.audit.role_assign": _("任命岗位"),
    "accounts.audit.role_end": _("撤销岗位"),
    "accounts.audit.role_delegate": _("岗位代理"),
}
