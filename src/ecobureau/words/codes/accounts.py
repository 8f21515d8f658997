"""Words of the accounts: sign-in, people, roles."""

from ecobureau.words import _

CODES = {
    "accounts.locked_out": _("连续 {times} 次输错，这个用户名已锁定 {minutes} 分钟。请稍后再试，或请管理员重设密码。"),
}
