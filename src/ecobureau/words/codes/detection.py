"""Words of detection: the command, the frame, the shape of the values. Physics and marks: detection_physics."""

from ecobureau.words import _

CODES = {
    "detect.help": _("离线检测：从 CSV 文件找出异常和疑似弄虚作假的自动监测数据，写出线索"),
    "detect.values.help": _("监测数据：outlet_id, kind, time, factor, avg, flag, zs_avg"),
    "detect.outlets.help": _("排口与限值：outlet_id, kind, industry, factor, limit, range_max, resolution, o2_ref …"),
    "detect.declarations.help": _("停产、启停炉、应急减排：outlet_id, start, end, type, value"),
    "detect.out.help": _("写出的线索文件"),
    "detect.findings.help": _("另写出合并前的每一条发现及其数值（每行一个 JSON）"),
    "detect.jobs.help": _("进程数；0 为自动"),
    "detect.verbose.help": _("列出全部提示，并说明哪些模式因缺数据而不作判断"),
    "detect.explain.help": _("打印各检测模式的说明和参数"),
    "detect.usage": _("缺少参数：{options}"),
    "detect.done": _("已检测 {outlets} 个排口，写出 {clues} 条线索：{file}"),
    "detect.failed": _("{outlet}：模式 {pattern} 未能完成（{error}），其余模式不受影响"),
    "detect.silent": _("{outlet}：{pattern} 不作判断：{why}"),
    "detect.bad.open": _("打不开文件 {file}：{reason}"),
    "detect.bad.write": _("写不了文件 {file}：{reason}"),
    "detect.bad.empty": _("文件 {file} 是空的：第 1 行应为列名"),
    "detect.bad.no_rows": _("文件 {file} 只有列名，第 2 行起没有数据"),
    "detect.bad.no_usable_rows": _("文件 {file} 没有一行可用，原因见上"),
    "detect.bad.encoding": _("文件 {file} 不是 UTF-8 编码（第 {row} 行）：请另存为 UTF-8"),
    "detect.bad.columns": _("{file} 第 1 行缺少必需的列：{columns}；现有列：{found}"),
    "detect.bad.column_twice": _("{file} 第 1 行有重名的列，请改名"),
    "detect.bad.csv": _("{file} 不是规范的 CSV：{reason}"),
    "detect.note.ignored_columns": _("{file}：不认识的列已忽略：{columns}"),
    "detect.note.longer_rows": _(
        "{file} 第 {row} 行起 {count} 行的字段多于表头的 {columns} 列：多出的字段没有读（数字里有逗号请加引号）"
    ),
    "detect.note.missing_columns": _("{file}：没有这些可选的列，用到它们的模式将不作判断：{columns}"),
    "detect.note.no_outlet_id": _("{file} 第 {row} 行起 {count} 行没有 outlet_id，已跳过"),
    "detect.note.no_factor": _("{file} 第 {row} 行起 {count} 行没有 factor，已跳过"),
    "detect.note.no_time": _("{file} 第 {row} 行起 {count} 行没有 time，已跳过"),
    "detect.note.bad_kind": _("{file} 第 {row} 行起 {count} 行的 kind“{value}”不是 gas 或 water，已跳过"),
    "detect.note.bad_time": _(
        "{file} 第 {row} 行起 {count} 行的时间“{value}”读不懂（应如 2026-03-01T00:00:00+08:00），已跳过"
    ),
    "detect.note.bad_number": _("{file} 第 {row} 行起 {count} 行的 {column}“{value}”不是数，按缺失处理"),
    "detect.note.bad_flag": _("{file} 第 {row} 行起 {count} 行的标记“{value}”不认识，按故障（D）处理"),
    "detect.note.not_positive": _("{file} 第 {row} 行：{column} 应大于 0，现为 {value}，按未知处理"),
    "detect.note.factor_twice": _("{file} 第 {row} 行：{outlet} 的 {factor} 登记了两次，以后一行为准"),
    "detect.note.unregistered": _("{outlet} 不在 {file} 里：没有限值和量程，只看数据本身"),
    "detect.note.no_values": _("{outlet} 在 {file} 里没有可用的数据：未检测"),
    "detect.note.declared_unknown": _("申报里的 {outlet} 不在排口表里，该申报未用"),
    "detect.note.one_time": _("{outlet} 只有一个时刻的数据：未检测"),
    "detect.note.odd_step": _("{outlet} 的数据间隔为 {seconds} 秒，超出 1 分钟到 24 小时：未检测"),
    "detect.note.too_long": _("{outlet} 的时间跨度有 {samples} 个时段，过长，请检查时间是否写错：未检测"),
    "detect.note.two_kinds": _("{outlet} 第 {row} 行的 kind 与该排口前面的不同，以前面的为准"),
    "detect.note.off_grid": _("{outlet} 第 {row} 行起 {count} 行不在 {step} 分钟的整点上，已跳过"),
    "detect.note.duplicates": _("{outlet} {factor}：{count} 行重复（如第 {row} 行），内容相同，只取一行"),
    "detect.note.rewritten": _(
        "{outlet} {factor}：{count} 个时刻有两个不同的值"
        "（如第 {first_row} 行 {old}、第 {row} 行 {new}），取后一个，并作为改写交 P35"
    ),
    "detect.note.wrong_unit": _(
        "{outlet} {factor}：数值的中位数 {median} 不在通常的 {low}～{high} 之间，"
        "单位可能不对（从第 {row} 行起），该因子未检测"
    ),
    "detect.note.wrong_range": _(
        "{outlet} {factor}：很多数值超出可能的范围 {low}～{high}（如第 {row} 行），单位可能不对，该因子未检测"
    ),
    "detect.note.absurd": _(
        "{outlet} {factor}：{count} 个数值超出可能的范围 {low}～{high}（如第 {row} 行 {value}），按缺失处理"
    ),
    "detect.note.bad_window": _("{file} 第 {row} 行：起止时间“{start}”“{end}”不成一段，已跳过"),
    "detect.note.bad_type": _("{file} 第 {row} 行：type“{value}”不是 stop、startup 或 order_cut，已跳过"),
    "detect.note.bad_share": _("{file} 第 {row} 行：value“{value}”不是 0～1 或百分数，按未给出处理"),
    "detect.note.more": _("还有 {count} 条提示，用 --verbose 查看"),
    "detect.explain.title": _("检测模式"),
    "detect.explain.intro": _("由程序的登记表和参数包生成：`ecobureau detect --explain`。"),
    "detect.explain.inputs": _("输入：{inputs}；证据类别：{group}；耗时：{cost}。"),
    "detect.explain.parameter": _("参数"),
    "detect.explain.value": _("值"),
    "detection.join": _("、"),
    "detection.also": _("同时有：{names}。"),
    "detection.against": _("已核对的有利情况：{reasons}。"),
    "detection.factor.pw_prod": _("生产用电"),
    "detection.factor.pw_treat": _("治污用电"),
    "detection.none.short": _("数据太少"),
    "detection.none.no_pollutant": _("没有污染物数据"),
    "detection.none.no_limit": _("没有登记限值"),
    "detection.none.water_only": _("只用于废水排口"),
    "detection.none.few_factors": _("同时监测的污染物只有 {count:.0f} 项，不够比较"),
    "detection.counter.after_stop": _("变化前两天内有申报的停产、启停炉或长时间停机"),
    "detection.counter.others_moved": _("同时有别的污染物按不同的比例变化，可能是工况或燃料"),
    "detection.counter.one_factor": _("只有一项污染物如此"),
    "detection.counter.calm": _("只比该排口以往略为平稳"),
    "detection.counter.part_of_whole": _("其中一项是另一项的主要组成部分，本来就会同步变化"),
    "detection.counter.trace": _("这些数值接近检出限"),
    "detection.counter.mended": _("随后的校准已纠正"),
    "detection.P01.title": _("恒值"),
    "detection.P01.reason": _(
        "{factors}自 {start} 起 {hours} 小时一直是 {value:g}，共 {count:.0f} 个测量周期分毫不变；"
        "该排口平时相邻两次相同的机会只有 {chance:.1%}，此前最长连续 {longest:.0f} 次。"
    ),
    "detection.P02.title": _("恒值加扰动"),
    "detection.P02.reason": _(
        "{factors}自 {start} 起 {hours} 小时围绕 {mean:g} 小幅跳动：相对波动 {spread:.1%}，平时为 {usual:.1%}；"
        "前后两次的相关系数 {r1:.2f}，平时为 {memory:.2f}，像是固定值加随机数。"
    ),
    "detection.P03.title": _("超标削峰"),
    "detection.P03.reason": _(
        "{factors}自 {start} 起 {hours} 小时内 {seen:.0f} 个值没有一个超过限值 {limit:g}，"
        "却有 {touches:.0f} 个紧贴在 {level:g} 以上或同一最高值；"
        "按其余数值的分布本应有超标的时段。"
    ),
    "detection.P04.title": _("量程封顶"),
    "detection.P04.reason": _(
        "{factors}自 {start} 起 {hours} 小时内有 {touches:.0f} 个值、"
        "分 {runs:.0f} 次停在同一最高值 {level:g}，没有超量程标记；"
        "登记量程上限为 {range}，疑似量程被改小。"
    ),
    "detection.P05.title": _("斜率篡改"),
    "detection.P05.reason": _(
        "{factors}在 {start} 一下子变为平时的 {k:.2f} 倍（低了 {percent:.0f}%，{usual:g} → {seen:g}），"
        "持续 {hours} 小时，波动的相对大小未变；负荷、氧含量、进口解释不了，偏离达 {z:.1f} 倍标准误差。"
    ),
    "detection.P06.title": _("截距篡改"),
    "detection.P06.reason": _(
        "{factors}自 {start} 起整体下移约 {offset:g}（{usual:g} → {seen:g}），持续 {hours} 小时，"
        "波动的绝对大小未变，{floor:.0%} 的值贴在零附近；偏离达 {z:.1f} 倍标准误差。"
    ),
    "detection.P09.title": _("历史回放"),
    "detection.P09.reason": _(
        "{factors}自 {start} 起 {hours} 小时的数据与 {lag_h:g} 小时之前的一段逐个相同，"
        "其中有 {distinct:.0f} 次数值变化也一样。"
    ),
    "detection.P09.reason.disguised": _(
        "{factors}自 {start} 起 {hours} 小时的曲线是 {lag_h:.0f} 小时前那段的翻版：乘以 {times:.2f} 后几乎重合，"
        "比该排口以往任何两段都接近 {closer:.1f} 倍。"
    ),
    "detection.P10.title": _("多因子同源"),
    "detection.P10.reason": _(
        "{factors}自 {start} 起 {hours} 小时按同一比例变化（约 {times:g} 倍，"
        "变化量相关系数 {r:.3f}，偏差只有 {rest:.1%}），"
        "而平时相关系数只有 {before:.2f}。"
    ),
    "detection.P11.title": _("采样短路或取样桶"),
    "detection.P11.reason": _(
        "{factors}自 {start} 起 {hours} 小时同时几乎不动："
        "相对波动 {spread:.1%}，平时为 {usual:.1%}，疑似采的不是排放口的水。"
    ),
    "detection.P12.title": _("贴限排放"),
    "detection.P12.reason": _(
        "{factors}自 {start} 起 {hours} 小时有 {share:.0%} 的时间在限值 {limit:g} 的九成以上却从不超过；"
        "按自身波动，一次不超的机会约 {chance:.2g}。"
    ),
    "detection.P13.title": _("临限骤降"),
    "detection.P13.reason": _(
        "{factors}自 {start} 起 {hours} 小时内有 {times:.0f} 次升到限值 {limit:g} 的九成以上后突然下降（"
        "如 {from_value:g} → {to_value:g}），"
        "不是固定钟点的吹扫。"
    ),
    "detection.P14.title": _("夜间数据异常"),
    "detection.P14.reason": _(
        "{factors}自 {start} 起有 {nights:.0f} 个夜间（"
        "{from_hour:.0f} 时至次日 {to_hour:.0f} 时）的数值是平时同样负荷下夜间的 {ratio:.2f} 倍，"
        "白天照常。"
    ),
    "detection.P27.title": _("末位数字异常"),
    "detection.P27.reason": _(
        "{factors}自 {start} 起 {count:.0f} 个值的末位数字分布与该排口以往不同（偶然的机会 {p:.1e}）。"
    ),
    "detection.P30.title": _("仪表漂移"),
    "detection.P30.reason": _(
        "{factors}自 {start} 起 {days:g} 天内相对工况逐日偏移，累计 {percent:+.0f}%（单调性 {tau:.2f}），"
        "疑似仪表漂移，请安排校准。"
    ),
    "detection.P31.title": _("毛刺与突变"),
    "detection.P31.reason": _(
        "{factors}自 {start} 起 {hours} 小时内有 {times:.0f} 个孤立的突变值，平时同样时间约 {usual:.1f} 个。"
    ),
    "detection.P31.reason.jump": _(
        "{factors}在 {start} 一下子变为工况应有值的 {ratio:.2f} 倍，持续 {hours} 小时；工况没有相应变化，"
        "请查仪表或采样。"
    ),
    "detection.P31.reason.left": _(
        "{factors}在 {start} 一下子变为工况应有值的 {ratio:.2f} 倍，{hours} 小时后仍未回到原来的水平；"
        "此前一个月几乎没有这样的值，工况也没有相应变化。"
    ),
}
