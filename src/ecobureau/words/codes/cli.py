from ecobureau.words import _

CODES = {
    "cli.description": _("线上生态环境局：从设备的一帧数据到一件办结的事"),
    "cli.lang": _("界面语言：zh 中文，en 英文"),
}
