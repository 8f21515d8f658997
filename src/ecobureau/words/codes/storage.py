"""Messages of the telemetry store and of `ecobureau verify`."""

from ecobureau.words import _

CODES = {
    "storage.verify.help": _("核验证据：原始报文、封存链、每日链头文件、记录履历"),
    "storage.verify.heads": _("每日链头文件（默认：数据目录下 heads/heads.jsonl，不存在时只核验数据库）"),
    "storage.verify.url": _("数据库地址（默认：环境变量 DATABASE_URL，否则本机内置数据库）"),
    "storage.verify.no_database": _("没有可用的数据库：{why}。请先启动 ecobureau up，或设置 DATABASE_URL。"),
    "storage.verify.summary": _(
        "原始报文 {frames} 条，封存 {links} 段（另有 {unsealed} 条尚未封存），链头文件 {lines} 行，履历 {entries} 条"
    ),
    "storage.verify.good": _("全部一致"),
    "storage.verify.bad": _("发现 {count} 处不一致："),
    "storage.verify.frame_damaged": _("{day} 站点 {station} 原始报文 {id}：内容已损坏（{why}）"),
    "storage.verify.frame_digest": _("{day} 站点 {station} 原始报文 {id}：内容与接收时的 SHA-256 不符"),
    "storage.verify.link_missing": _("站点 {station}：封存链缺第 {link} 段"),
    "storage.verify.link_prev": _("{day} 站点 {station} 第 {link} 段：与上一段链头不相接"),
    "storage.verify.link_frames": _("{day} 站点 {station} 第 {link} 段：封存时 {sealed} 条报文，现有 {found} 条"),
    "storage.verify.link_head": _("{day} 站点 {station} 第 {link} 段：按现有报文重算的链头不符，报文被改动或调换"),
    "storage.verify.file_missing": _("链头文件不存在：{file}"),
    "storage.verify.file_unreadable": _("链头文件无法读取：{file}（{why}）"),
    "storage.verify.line_broken": _("链头文件第 {line} 行：与上一行不相接，文件被改动"),
    "storage.verify.line_without_link": _("链头文件第 {line} 行（{day} 站点 {station}）：数据库中没有这一段"),
    "storage.verify.line_differs": _("链头文件第 {line} 行（{day} 站点 {station}）：与数据库中的封存不同"),
    "storage.verify.link_without_line": _("{day} 站点 {station} 第 {seq} 次封存：链头文件中没有"),
    "storage.verify.history_missing": _("链头文件第 {line} 行（{day}）：数据库中没有记录履历"),
    "storage.verify.history_differs": _(
        "链头文件第 {line} 行（{day}）：履历当时 {told} 条，现有 {found} 条，或内容不同"
    ),
    "storage.verify.history_gap": _("{kind} {record} 履历：应为第 {expected} 条，却是第 {seq} 条"),
    "storage.verify.history_prev": _("{kind} {record} 履历第 {seq} 条：与上一条不相接"),
    "storage.verify.history_hash": _("{kind} {record} 履历第 {seq} 条：内容与其哈希不符"),
    "storage.verify.counter": _("{day} 运行 {run} 站点 {station}：结果 {outcome} 计数 {counted} 条，实有 {found} 条"),
    "storage.rekey.reason": _("请写明改键的理由"),
    "storage.rekey.shift": _("时移须为整秒且不为零"),
    "storage.rekey.nothing": _("这段时间没有可移动的数据"),
    "storage.rekey.too_many": _("一次最多移动 {most} 帧，请分段进行"),
    "storage.rekey.taken": _("目标时刻已有 {frames} 帧数据，未作任何改动"),
    "telemetry.station": _("没有这个站点，或无权查看"),
    "telemetry.office": _("隔离报文和收发账目只对管理员、值班员和审计员开放"),
    "telemetry.rekey": _("只有管理员可以移动数据时标"),
    "part.expired": _("拆分包等不到带数据时间的同组数据包"),
    "session.superseded": _("同一设备建立了新的连接"),
    "session.crashed": _("网关进程异常终止"),
}
