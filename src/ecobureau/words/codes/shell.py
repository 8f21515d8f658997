"""Words of the frame of the pages."""

from ecobureau.words import _

CODES = {
    "shell.keys.letter": _("“{name}”要填一个字母 A 到 Z，现在是“{given}”。"),
    "shell.keys.twice": _("字母 {letter} 给了两个动作：{names}。请换一个。"),
    "shell.keys.kept": _("快捷键已保存"),
}
