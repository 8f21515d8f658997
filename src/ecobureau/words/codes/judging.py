"""Words of the judge. A finding is "疑似 + fact" and compares number with number; it never names an act."""

from ecobureau.words import _

CODES = {
    "judging.rule.R-OVER": _("超许可"),
    "judging.rule.R-UNIT": _("单位不一致"),
    "judging.rule.R-RANGE": _("数值异常"),
    "judging.rule.R-MISSING": _("数据缺失"),
    "judging.rule.R-OFFLINE": _("设备离线"),
    "judging.rule.R-NODATA": _("在线无数据"),
    "judging.rule.R-REVISED": _("数值改写"),
    "judging.stream.rt": _("实时数据"),
    "judging.stream.minute": _("分钟数据"),
    "judging.stream.hour": _("小时数据"),
    "judging.stream.day": _("日数据"),
    "judging.stat.rt.raw": _("实时值"),
    "judging.stat.rt.zs": _("实时折算值"),
    "judging.stat.minute.raw": _("分钟均值"),
    "judging.stat.minute.zs": _("分钟折算均值"),
    "judging.stat.hour.raw": _("小时均值"),
    "judging.stat.hour.zs": _("小时折算均值"),
    "judging.stat.day.raw": _("日均值"),
    "judging.stat.day.zs": _("日折算均值"),
    "judging.never": _("从未"),
    "judging.open_end": _("未定"),
    "judging.series": _("数据序列"),
    "judging.frame": _("原始报文"),
    # R-OVER
    "judging.over.max.title": _("疑似超许可：{factor} {value}，许可 {threshold}"),
    "judging.over.max.reason": _(
        "{place} {factor} {stat} {value} {unit}，许可 {threshold} {unit}（{source}），为许可的 {times} 倍；"
        "{first} 至 {last} 共 {points} 个数据高于许可。"
    ),
    "judging.over.max.number": _("{at} {stat} {value} {unit}，许可 {threshold} {unit}"),
    "judging.over.max.end": _(
        "{place} {factor} 自 {last} 起回到许可以内；其间最高 {value} {unit}，许可 {threshold} {unit}。"
    ),
    "judging.over.min.title": _("疑似低于许可下限：{factor} {value}，许可不低于 {threshold}"),
    "judging.over.min.reason": _(
        "{place} {factor} {stat} {value} {unit}，许可不低于 {threshold} {unit}（{source}）；"
        "{first} 至 {last} 共 {points} 个数据低于许可下限。"
    ),
    "judging.over.min.number": _("{at} {stat} {value} {unit}，许可不低于 {threshold} {unit}"),
    "judging.over.min.end": _(
        "{place} {factor} 自 {last} 起回到许可以内；其间最低 {value} {unit}，许可不低于 {threshold} {unit}。"
    ),
    "judging.part.day": _("昼间时段"),
    "judging.part.night": _("夜间时段"),
    "judging.over.noise.title": _("疑似超噪声限值（{part}）：{factor} {value}，限值 {threshold}"),
    "judging.over.noise.reason": _(
        "{place} {part} {factor} {stat} {value} {unit}，限值 {threshold} {unit}（{source}），超出 {over} {unit}；"
        "{first} 至 {last} 共 {points} 个小时高于限值。"
    ),
    "judging.over.noise.number": _("{at} {part} {stat} {value} {unit}，限值 {threshold} {unit}"),
    "judging.over.noise.end": _(
        "{place} {factor} 自 {last} 起回到限值以内；其间最高 {value} {unit}，{part}限值 {threshold} {unit}。"
    ),
    "judging.over.noise.rule": _(
        "规则 {rule}：{part}的小时等效声级与限值 {limit} {unit} 比较，等于限值不算超过；"
        "依据 {source} {clause}，自 {since} 起有效"
    ),
    "judging.over.rule": _(
        "规则 {rule}：与许可限值 {limit} {unit} 比较，等于限值不算超过；依据 {source} {clause}，自 {since} 起有效"
    ),
    "judging.over.reckoned": _("设备没有上报折算值；按同时段氧含量和基准氧含量 {o2_ref}% 计算。"),
    "judging.over.early": _("以实时或分钟数据对照小时限值，只作早期提示；是否超过以小时均值为准。"),
    # R-UNIT
    "judging.unit.title": _("单位不一致，不能判断：{factor}"),
    "judging.unit.reason": _(
        "{place} {factor} 的数据单位是“{unit}”，许可限值的单位是“{limit_unit}”，"
        "两者无法换算，不能判断。请核对站点的单位设置。"
    ),
    # R-RANGE
    "judging.range.physical.below.title": _("疑似数值异常：{factor} {value}，不可能低于 {edge}"),
    "judging.range.physical.above.title": _("疑似数值异常：{factor} {value}，不可能高于 {edge}"),
    "judging.range.instrument.below.title": _("疑似数值异常：{factor} {value}，量程下限 {edge}"),
    "judging.range.instrument.above.title": _("疑似数值异常：{factor} {value}，量程上限 {edge}"),
    "judging.range.physical.below.reason": _(
        "{place} {factor} 上报 {value} {unit}，不可能低于 {edge} {unit}，标记却为正常；"
        "{first} 至 {last} 共 {points} 个数据。"
    ),
    "judging.range.physical.above.reason": _(
        "{place} {factor} 上报 {value} {unit}，不可能高于 {edge} {unit}，标记却为正常；"
        "{first} 至 {last} 共 {points} 个数据。"
    ),
    "judging.range.instrument.below.reason": _(
        "{place} {factor} 上报 {value} {unit}，低于仪器量程下限 {edge} {unit}，标记却为正常；"
        "{first} 至 {last} 共 {points} 个数据。"
    ),
    "judging.range.instrument.above.reason": _(
        "{place} {factor} 上报 {value} {unit}，高于仪器量程上限 {edge} {unit}，标记却为正常；"
        "{first} 至 {last} 共 {points} 个数据。"
    ),
    "judging.range.number": _("{at} 上报 {value} {unit}，界限 {edge} {unit}"),
    "judging.range.rule": _("规则 {rule}：与物理范围和登记的仪器量程比较，零点漂移以内不计"),
    "judging.range.end": _("{place} {factor} 自 {last} 起回到可能范围以内。"),
    # R-MISSING
    "judging.missing.title": _("数据缺失：{factor} 应到 {due}，缺 {missing}"),
    "judging.missing.reason": _(
        "{place} {factor} {stream}：{first} 至 {last} 应到 {due} 个，缺 {missing} 个（{share}%，允许 {allowed}%），"
        "其中有报文而没有数值 {empty} 个。"
    ),
    "judging.missing.rule": _("规则 {rule}：时段内缺失超过应到的 {allowed}%；停运期间不计应到"),
    "judging.missing.end": _("{place} {factor} {stream}已恢复：{first} 至 {last} 应到 {due} 个，缺 {missing} 个。"),
    # R-OFFLINE, R-NODATA
    "judging.offline.title": _("设备离线 {minutes} 分：{place}"),
    "judging.offline.reason": _(
        "{place} 的数采仪自 {since} 起没有任何报文，至 {now} 已 {minutes} 分。最近一帧：{seen}。"
    ),
    "judging.offline.rule": _("规则 {rule}：超过规定时间没有任何报文"),
    "judging.offline.end": _("{place} 的数采仪已恢复通信（此前自 {since} 起没有报文）。"),
    "judging.nodata.title": _("在线无数据 {minutes} 分：{place}"),
    "judging.nodata.reason": _(
        "{place} 的数采仪在线，但自 {since} 起没有监测数据，至 {now} 已 {minutes} 分。最近数据：{data}。"
    ),
    "judging.nodata.rule": _("规则 {rule}：有报文而超过规定时间没有监测数据"),
    "judging.nodata.end": _("{place} 的监测数据已恢复（此前自 {since} 起没有数据）。"),
    # R-REVISED
    "judging.revised.title": _("数值改写：{factor} {was} 改为 {now}"),
    "judging.revised.over.title": _("疑似改写后回到许可以内：{factor} {was} 改为 {now}"),
    "judging.revised.title_end": _("数值改写：{factor} 共 {count} 次"),
    "judging.revised.reason": _(
        "{place} {factor} {stream} {period} 的值先报 {was} {unit}（标记 {was_mark}），"
        "{received} 改报 {now} {unit}（标记 {now_mark}）；"
        "两值都已保存，这是第 {count} 次。"
    ),
    "judging.revised.rule": _("规则 {rule}：同一时段的值再次上报且不同；修约差别不计"),
    "judging.revised.end": _("{place} {factor} 已有一段时间没有新的改写，共 {count} 次。"),
    # counter-evidence
    "judging.favour.marks.some": _("时段内有 {count} 个数据带非正常标记（{marks}），没有计入判断。"),
    "judging.favour.marks.unmarked": _("时段内 {count} 个数据没有标记，按无异议处理。"),
    "judging.favour.marks.normal": _("已查数据标记：{count} 个数据都是正常标记。"),
    "judging.favour.events.calibration": _("前后有 {count} 次校准或核查，最早一次在 {when}。"),
    "judging.favour.events.none": _("没有查到前后的校准或核查记录。"),
    "judging.favour.events.unknown": _("没有查询设备事件，不能判断是否在校准。"),
    "judging.favour.declared.some": _("已申报{what}：{starts} 至 {ends}（{filed} 申报）。"),
    "judging.favour.declared.none": _("没有查到停产、检修或校准申报。"),
    "judging.favour.declared.unknown": _("没有查询工况申报，不能判断是否停产或检修。"),
    "judging.favour.neighbours.rise": _("附近 {count} 个站点中有 {risen} 个同时升高（{names}），可能有共同原因。"),
    "judging.favour.neighbours.calm": _("附近 {count} 个站点中有 {risen} 个同时升高（{names}）。"),
    "judging.favour.neighbours.values": _("附近 {count} 个站点最近的值：{values}；没有平时水平可比，不能判断。"),
    "judging.favour.neighbours.none": _("没有查到可比的邻近站点。"),
    "judging.favour.neighbours.unknown": _("没有查询邻近站点。"),
    "judging.favour.stopped.some": _("其间有 {count} 个时段标记停运或申报停产，没有计入应到。"),
    "judging.favour.stopped.none": _("没有查到停运标记或停产申报。"),
    "judging.declared.stop": _("停产"),
    "judging.declared.maintenance": _("检修维护"),
    "judging.declared.calibration": _("校准比对"),
    "judging.declared.start_up": _("启停炉"),
}
