"""Words of the patterns that compare links, of marks and totals: the ten-second reason. 线索, 疑似: never a verdict."""

from ecobureau.words import _

CODES = {
    "detection.only_gas": _("只用于废气"),
    "detection.no_factor": _("没有因子 {factor} 的数据"),
    "detection.no_inputs": _("没有可用的输入"),
    "detection.no_history": _("干净的历史数据还不够"),
    "detection.no_power": _("没有用电数据"),
    "detection.no_inlet": _("没有进口数据"),
    "detection.no_limit": _("没有登记限值"),
    "detection.no_permit": _("没有登记许可排放量，或没有流量"),
    "detection.no_order": _("没有应急减排要求"),
    "detection.no_velocity_no_power": _("既没有流速，也没有生产用电"),
    "detection.no_arrival": _("没有到达时间，也没有可比的生产用电"),
    "detection.no_parameters": _("没有参数变更记录"),
    "detection.no_filings": _("没有仪器备案、停运检修或校准申报可供比对"),
    "detection.no_peers": _("同行业排口不足 {least:.0f} 个"),
    "detection.too_few_factors": _("因子不足 {least:.0f} 个"),
    "detection.counter.startup_left_out": _("启停炉时段已剔除"),
    "detection.counter.marks_left_out": _("带标记的数据已剔除"),
    "detection.counter.load_considered": _("已考虑生产负荷"),
    "detection.counter.load_moved": _("其间负荷有明显变化"),
    "detection.counter.flow_steady": _("流量没有相应变化，不是降雨稀释"),
    "detection.counter.temperature_pressure_humidity": _("已换算温度、压力和湿度"),
    "detection.counter.values_rose": _("浓度随之如实上升"),
    "detection.counter.heat_had_time_to_leave": _("停产后的余热时段已剔除"),
    "detection.counter.treatment_ran": _("其间治污设施在运行"),
    "detection.counter.retention": _("已考虑停留时间"),
    "detection.counter.inlet_moved": _("进口浓度其间有变化"),
    "detection.counter.margins": _("已扣除仪器误差"),
    "detection.counter.not_shared": _("其他排口同时段正常"),
    "detection.counter.many_silent": _("同时段有许多排口无数据，可能是网络或停电"),
    "detection.counter.power_silent": _("用电数据同时中断，可能是停电"),
    "detection.counter.plant_ran": _("其间生产在进行"),
    "detection.counter.not_standby": _("功率高于保温或检修试车的水平"),
    "detection.counter.same_hours": _("与此前两周同一钟点的生产日比较"),
    "detection.counter.regular_calibration": _("平时的校准和维护已计入"),
    "detection.counter.own_regime": _("与该排口平时的校准周期比较"),
    "detection.counter.gaps_at_mean": _("缺失时段按平均速率计"),
    "detection.counter.backfill": _("是断线恢复后的补传"),
    "detection.counter.calibrated_then": _("其间有校准记录"),
    "detection.counter.stopped_before": _("此前申报过停产，可能是检修"),
    "detection.P07.title": _("氧含量或折算异常"),
    "detection.P07.reason.conversion": _(
        "{factors} 自 {start} 起 {hours} 小时，上报折算值与按实测浓度和氧含量（{o2:.1f}%）算出的相差 {percent:.0f}%。"
    ),
    "detection.P07.reason.shift": _(
        "{factors} 自 {start} 起 {hours} 小时为 {o2:.1f}%，而按生产负荷应约 {expected:.1f}%，"
        "低 {points:.1f} 个百分点；折算值随之偏低。"
    ),
    "detection.P07.reason.frozen": _(
        "{factors} 自 {start} 起 {hours} 小时停在 {o2:.1f}% 附近，波动只有平时的 {percent:.0f}%，而生产负荷在变。"
    ),
    "detection.P08.title": _("稀释采样或漏气"),
    "detection.P08.reason": _(
        "{factors} 自 {start} 起 {hours} 小时同时降到按工况应有值的 {factor:.0%}，各因子比例一致，"
        "像是样品被稀释或采样管漏气。"
    ),
    "detection.P15.title": _("夜间缺失"),
    "detection.P15.reason": _(
        "自 {start} 起有 {nights:.0f} 个夜晚在 {from} 时至 {to} 时前后缺数据，每次约 {gap:.1f} 小时，"
        "其间生产照常；按平时的缺失率，碰巧如此的机会为 {chance}。"
    ),
    "detection.P16.title": _("数采仪离线"),
    "detection.P16.reason": _("自 {start} 起 {gap:.0f} 小时没有任何监测数据，其间生产时间占 {run:.0f}%。"),
    "detection.P17.title": _("旁路偷排"),
    "detection.P17.reason": _(
        "{factors} 自 {start} 起 {hours} 小时比生产负荷应有的少 {percent:.0f}%（{flow:.1f}，"
        "应约 {expected:.1f}），而生产用电为 {power:.0f} kW，没有减产；一周内第 {times:.0f} 次。"
    ),
    "detection.P18.title": _("治污设施停运"),
    "detection.P18.reason": _(
        "自 {start} 起 {hours} 小时，生产用电 {production:.0f} kW，治污用电只有 {treatment:.1f} kW，"
        "为平时（{usual:.0f} kW）的 {percent:.0f}%；按进口估计少处理约 {excess:.1f} kg。"
    ),
    "detection.P18b.title": _("治污设施低负荷"),
    "detection.P18b.reason": _(
        "自 {start} 起 {hours} 小时，治污用电 {treatment:.0f} kW，"
        "只有同等生产负荷下应有（{expected:.0f} kW）的 {percent:.0f}%。"
    ),
    "detection.P19.title": _("流量异常"),
    "detection.P19.reason.area": _(
        "自 {start} 起 {hours} 小时，由流量和流速反算的烟道截面为 {area:.2f} m²，平时为 {usual:.2f} m²，"
        "相差 {percent:.0f}%：流量或截面参数可能被改。"
    ),
    "detection.P19.reason.level": _(
        "{factors} 自 {start} 起 {hours} 小时为 {flow:.1f}，按生产负荷应约 {expected:.1f}，持续相差 {percent:.0f}%。"
    ),
    "detection.P20.title": _("标停未停"),
    "detection.P20.reason.power": _("自 {start} 起 {hours} 小时标记或申报为停运，而生产用电为平时的 {percent:.0f}%。"),
    "detection.P20.reason.o2": _(
        "自 {start} 起 {hours} 小时标记或申报为停运，而氧含量和烟温（平时的 {percent:.0f}%）如同在运行。"
    ),
    "detection.P21.title": _("停产仍有正常数据"),
    "detection.P21.reason": _(
        "自 {start} 起 {hours} 小时生产用电只有 {power:.0f} kW（平时的 {percent:.0f}%），"
        "监测数据却如同在生产：{values}。"
    ),
    "detection.P22.title": _("滥用标记"),
    "detection.P22.reason": _(
        "{factors} 自 {start} 起被标记为维护、故障、校准等 {times:.0f} 次共 {marked:.0f} 小时，"
        "占 {percent:.0f}%（此前 {past:.1f}%），多在数值升高之后，碰巧如此的机会为 {chance}；"
        "标记时段内超过限值 {over:.0f} 小时。"
    ),
    "detection.P23.title": _("校准异常"),
    "detection.P23.reason.missing": _("已 {days:.0f} 天没有校准，该排口平时每 {regime:.1f} 天一次。"),
    "detection.P23.reason.frequent": _(
        "自 {start} 起 {days:.1f} 天内校准 {times:.0f} 次，读数完全相同的占 {alike:.0f}%。"
    ),
    "detection.P24.title": _("进出口倒挂"),
    "detection.P24.reason.inverted": _(
        "{factors} 自 {start} 起 {hours} 小时出口（{outlet:.3g}）高于进口（{inlet:.3g}）。"
    ),
    "detection.P24.reason.constant": _(
        "{factors} 自 {start} 起 {hours} 小时去除率一直是 {percent:.1f}%，波动只有 {sd:.2f} 个百分点，而进口在变。"
    ),
    "detection.P25.title": _("物理矛盾"),
    "detection.P25.reason.nitrogen": _(
        "自 {start} 起 {hours} 小时氨氮（{left:.2f}）高于总氮（{right:.2f}），不可能同时成立。"
    ),
    "detection.P25.reason.bod": _(
        "自 {start} 起 {hours} 小时 BOD（{left:.1f}）高于 COD（{right:.1f}），不可能同时成立。"
    ),
    "detection.P25.reason.above_air": _("自 {start} 起 {hours} 小时氧含量为 {left:.1f}%，高于空气（{right:.1f}%）。"),
    "detection.P25.reason.hot_wet": _(
        "湿法处理后的烟温自 {start} 起 {hours} 小时为 {left:.0f} °C（湿法应低于 {right:.0f} °C）。"
    ),
    "detection.P25.reason.dry_wet": _(
        "湿法处理后的湿度自 {start} 起 {hours} 小时只有 {left:.1f}%（应高于 {right:.0f}%）。"
    ),
    "detection.P26.title": _("与生产脱钩"),
    "detection.P26.reason": _(
        "{factors} 平时随生产用电变化（秩相关 {past:.2f}），"
        "自 {start} 起 {days:.1f} 天不再跟随（{now:.2f}），而生产负荷在变。"
    ),
    "detection.P28.title": _("持续超标"),
    "detection.P28.reason": _(
        "{factors} 自 {start} 起有 {over:.0f} 个小时均值超过限值 {limit:g}，平均 {mean:.4g}，最高 {top:.4g}，"
        "为限值的 {times:.2f} 倍。"
    ),
    "detection.P29.title": _("超总量"),
    "detection.P29.reason": _(
        "{factors} 本月已排放约 {total:.0f} kg，占许可量 {permit:.0f} kg 的 {percent:.0f}%；"
        "照目前速率月底约 {middle:.0f} kg（{low:.0f}～{high:.0f}）。"
    ),
    "detection.P32.title": _("应急减排未落实"),
    "detection.P32.reason": _(
        "要求自 {start} 起减产 {asked:.0f}%，实际只减 {cut:.0f}%：生产用电 {power:.0f} kW，"
        "此前同钟点 {reference:.0f} kW。"
    ),
    "detection.P33.title": _("群体异常"),
    "detection.P33.reason": _(
        "与同行业 {peers:.0f} 个排口相比，连续 {weeks:.0f} 周偏离（距离 {distance:.1f}），最突出的是 {factors}。"
    ),
    "detection.P34.title": _("指纹漂移"),
    "detection.P34.reason": _(
        "自 {start} 起一周有 {percent:.0f}% 的数据不像该排口自己（平时 {usual:.0f}%），最突出的是 {factors}。"
    ),
    "detection.P35.title": _("时间戳或改写异常"),
    "detection.P35.reason.rewritten": _("自 {start} 起有 {count:.0f} 个数据入库后被改写，或同一时刻有两个不同的值。"),
    "detection.P35.reason.future": _(
        "自 {start} 起 {hours} 小时的数据比时段结束早到 {minutes:.0f} 分钟：时钟快了，或数据不是测出来的。"
    ),
    "detection.P35.reason.batch": _("自 {start} 起 {count:.0f} 个时段的数据在同一秒到达，迟到 {minutes:.0f} 分钟。"),
    "detection.P35.reason.shifted": _(
        "自 {start} 起流量与生产用电错开 {lag:.0f} 小时，平时没有错开：数采仪时钟可能不准。"
    ),
    "detection.P36.title": _("参数变更"),
    "detection.P36.reason": _("{start} 仪器参数“{name}”由 {old} 改为 {new}，没有备案。"),
}
