"""The items of GB 3838-2002: their codes here, and the names under which files carry them."""

from __future__ import annotations

ALIASES: dict[str, tuple[str, ...]] = {
    "temp": ("temperature", "water_temp", "水温", "w01010"),
    "ph": ("ph值", "w01001"),
    "do": ("dissolved_oxygen", "溶解氧", "w01009"),
    "codmn": ("cod_mn", "高锰酸盐指数", "w01019"),
    "cod": ("codcr", "cod_cr", "化学需氧量", "w01018"),
    "bod5": ("bod", "bod_5", "五日生化需氧量", "生化需氧量", "w01017"),
    "nh3n": ("nh3_n", "nh4n", "nh4_n", "ammonia", "氨氮", "w21003"),
    "tp": ("total_phosphorus", "总磷", "w21011"),
    "tn": ("total_nitrogen", "总氮", "w21001"),
    "cu": ("copper", "铜", "w20122"),
    "zn": ("zinc", "锌", "w20123"),
    "f": ("fluoride", "氟化物", "w21017"),
    "se": ("selenium", "硒"),
    "as": ("arsenic", "砷"),
    "hg": ("mercury", "汞"),
    "cd": ("cadmium", "镉"),
    "cr6": ("cr_vi", "cr6+", "六价铬", "铬(六价)", "铬（六价）"),
    "pb": ("lead", "铅"),
    "cn": ("cyanide", "氰化物", "w21016"),
    "phenol": ("volatile_phenol", "挥发酚", "w23002"),
    "oil": ("petroleum", "石油类", "w22001"),
    "las": ("anionic_surfactant", "阴离子表面活性剂", "w19002"),
    "sulfide": ("sulphide", "硫化物", "w21019"),
    "fecal_coliform": ("faecal_coliform", "coliform", "粪大肠菌群", "w02003"),
    "sulfate": ("sulphate", "硫酸盐", "w21038"),
    "chloride": ("氯化物", "w21022"),
    "nitrate_n": ("no3n", "no3_n", "硝酸盐", "硝酸盐氮", "w21007"),
    "fe": ("iron", "铁", "w20125"),
    "mn": ("manganese", "锰", "w20124"),
}
"""Item code → further names of a column: English, Chinese, HJ 212-2017 code where its unit is that of
the standard (metals in ug/L are left out). Case, spaces and hyphens do not count. Concentrations stand in mg/L."""

TABLE_1: tuple[str, ...] = tuple(ALIASES)[:24]
"""The 24 items of table 1 in the order of the standard."""

TABLE_2: tuple[str, ...] = tuple(ALIASES)[24:]
"""The five further items of drinking-water sources."""


def spelled(name: str) -> str:
    """Return a column's name as it is compared: small letters, no spaces, hyphens as underscores."""
    return name.strip().lower().replace(" ", "").replace("-", "_")


_CODE_OF = {spelled(name): code for code, names in ALIASES.items() for name in (code, *names)}


def code_of(name: str) -> str | None:
    """Return the item of a column's name, None when it is no item of the standard.

    >>> code_of("NH3-N"), code_of("总磷"), code_of("w01019"), code_of("turbidity")
    ('nh3n', 'tp', 'codmn', None)
    """
    return _CODE_OF.get(spelled(name))
