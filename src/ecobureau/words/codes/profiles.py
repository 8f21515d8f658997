"""What people call the limit profiles of the rule pack `limits`."""

from ecobureau.words import _

CODES = {
    "profile.coal_power_ultra_low": _("燃煤发电锅炉，超低排放"),
    "profile.coal_power": _("燃煤发电锅炉，GB 13223"),
    "profile.gas_turbine": _("燃气轮机组，GB 13223"),
    "profile.gas_boiler_new": _("燃气锅炉（新建），GB 13271"),
    "profile.gas_boiler_special": _("燃气锅炉（特别排放限值），GB 13271"),
    "profile.coal_boiler_new": _("燃煤锅炉（新建），GB 13271"),
    "profile.coal_boiler_special": _("燃煤锅炉（特别排放限值），GB 13271"),
    "profile.cement_kiln": _("水泥窑，GB 4915"),
    "profile.cement_kiln_key": _("水泥窑（特别排放限值），GB 4915"),
    "profile.sinter_ultra_low": _("钢铁烧结机头，超低排放"),
    "profile.waste_incineration": _("生活垃圾焚烧，GB 18485"),
    "profile.hazardous_incineration": _("危险废物焚烧，GB 18484"),
    "profile.town_plant_1a": _("城镇污水处理厂一级 A（日均值），GB 18918"),
    "profile.town_plant_1b": _("城镇污水处理厂一级 B（日均值），GB 18918"),
    "profile.town_plant_1a_early": _("城镇污水处理厂一级 A（小时均值早期提示）"),
    "profile.integrated_1": _("污水综合排放一级，GB 8978"),
    "profile.integrated_2": _("污水综合排放二级，GB 8978"),
    "profile.integrated_3": _("污水综合排放三级，GB 8978"),
}
