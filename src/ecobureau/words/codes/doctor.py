"""Words of `doctor`. Each text of something wrong says in its second line how to mend it."""

from ecobureau.words import _

CODES = {
    "doctor.help": _("检查安装和运行中可能出错的每一处，并说明如何处理"),
    "doctor.json": _("每项结果输出一行 JSON"),
    "doctor.sum": _("检查完毕：正常 {ok} 项，提醒 {warn} 项，故障 {bad} 项。"),
    "doctor.check.failed": _("检查项 {check} 本身出错：{why}\n请把这一行连同版本号报告给维护者。"),
    "doctor.python.ok": _("Python {version}（{program}）"),
    "doctor.python.old": _(
        "Python {version} 太旧，需要 3.11 或更新版本。\n请安装新版本后删除 .venv，再运行 make setup。"
    ),
    "doctor.data.ok": _("数据目录 {folder} 可读写"),
    "doctor.data.none_yet": _("数据目录 {folder} 还不存在，首次启动时建立"),
    "doctor.data.cannot_make": _(
        "数据目录 {folder} 不存在，也不能在 {parent} 中建立。\n"
        "请用 ECOBUREAU_DATA 指定可写的目录，或修正 {parent} 的权限。"
    ),
    "doctor.data.no_folder": _("{folder} 不是目录。\n请移走该文件，或用 ECOBUREAU_DATA 指定别的目录。"),
    "doctor.data.unwritable": _("数据目录 {folder} 不可读写。\n请以其属主身份运行，或用 chown 改正属主。"),
    "doctor.private.ok": _("密钥和口令文件只有属主可读"),
    "doctor.private.open": _("{file} 的权限是 {mode}，其他用户可以读取其中的密钥。\n请运行：chmod 600 {file}"),
    "doctor.private.unreadable": _("无法读取 {file}。\n请以其属主身份运行，或用 chown 改正属主。"),
    "doctor.disk.ok": _("{folder} 所在磁盘剩余 {free} GB（{share}%）"),
    "doctor.disk.low": _("{folder} 所在磁盘只剩 {free} GB（{share}%）。\n请清理或扩容；磁盘写满后将停止应答数采仪。"),
    "doctor.disk.full": _(
        "{folder} 所在磁盘只剩 {free} GB（{share}%），即将写满。\n请立即清理或扩容，已应答的数据不会丢失。"
    ),
    "doctor.disk.inodes": _("{folder} 所在磁盘的文件数（inode）即将用尽。\n请删除大量小文件，或换一个文件系统。"),
    "doctor.files.ok": _("每个进程可打开 {count} 个文件"),
    "doctor.files.low": _(
        "每个进程只能打开 {count} 个文件，连接的数采仪和网页较多时不够用。\n"
        "请提高硬上限：/etc/security/limits.conf 中的 nofile，或服务单元中的 LimitNOFILE=65536。"
    ),
    "doctor.files.few": _(
        "每个进程只能打开 {count} 个文件，太少。\n"
        "请提高硬上限：/etc/security/limits.conf 中的 nofile，或服务单元中的 LimitNOFILE=65536。"
    ),
    "doctor.clock.ok": _("时钟正常（{now}）"),
    "doctor.clock.past": _(
        "系统时钟是 {now}，明显不对。\n请校正时钟并启用时间同步（如 chrony）；时间错误会使数据归错时段。"
    ),
    "doctor.clock.no_zones": _("找不到 Asia/Shanghai 时区。\n请安装系统的 tzdata 包。"),
    "doctor.clock.unsynchronised": _(
        "内核报告时钟没有与时间服务器同步（{now}）。\n请启用 chrony 或 systemd-timesyncd；在容器中请检查宿主机。"
    ),
    "doctor.messages.failed": _("一天内有 {count} 条消息没有发出。\n请到 消息渠道 › 发送记录 看原因，处理后点“再发”。"),
    "doctor.messages.stuck": _(
        "有 {count} 条消息过了应发时间 {minutes} 分钟还没有发。\n请检查 worker 是否在运行（ecobureau up 会启动它）。"
    ),
    "doctor.calendar.ok": _("{year} 年的放假安排已有"),
    "doctor.calendar.missing": _(
        "{year} 年还没有官方放假安排：按法定节日计算，调休不在内，按工作日计算的时限可能差一两天。\n"
        "公布后请升级 chinesecalendar，或在 数据目录/rulepacks/calendar.toml 里写 calendar.official.{year}，再重启。"
    ),
    "doctor.ports.free": _("没有在运行；端口 {web} 和 {gateway} 空闲"),
    "doctor.ports.taken": _(
        "端口 {port} 已被别的程序占用。\n请停止它（ss -ltnp | grep {port} 可查），或用 {option} 换一个端口。"
    ),
    "doctor.running.ok": _("正在运行（进程 {pid}，{url}）"),
    "doctor.running.down": _("{name} 没有在运行，已重新启动 {count} 次。\n请看日志中以 {name} 开头的最后几行。"),
    "doctor.running.restarted": _(
        "{name} 自启动以来重新启动过 {count} 次。\n请看日志中以 {name} 开头、退出之前的几行。"
    ),
    "doctor.running.no_answer": _("{url} 没有应答，或返回服务器错误。\n请看日志中以 web 开头的最后几行。"),
    "doctor.demo.on": _(
        "这是演示城市（ECOBUREAU_DEMO=1），登录页列出了账号。\n正式使用时请去掉该变量并换一个数据目录。"
    ),
    "doctor.pg.ok": _("自带的数据库程序可用（{version}）"),
    "doctor.static.ok": _("网页静态文件齐全（{count} 个）"),
    "doctor.static.no_vendor": _("目录 {folder} 中没有前端库文件。\n请运行 make setup。"),
    "doctor.static.not_collected": _("静态文件还没有收集到 {folder}。\n请运行 make setup。"),
    "doctor.static.missing": _("缺少 {count} 个静态文件，例如 {first}。\n请运行 make setup 重新收集。"),
    "doctor.words.ok": _("英文词库已编译"),
    "doctor.words.missing": _("英文词库没有编译（缺 {file}），英文界面会显示中文。\n请运行 make setup。"),
    "doctor.words.old": _("英文词库 {file} 比源文件旧。\n请运行 make setup。"),
    "doctor.db.none_yet": _("还没有数据库。\n首次运行 ecobureau up 时建立；使用外部数据库请设置 DATABASE_URL。"),
    "doctor.db.ok": _("数据库可连接（PostgreSQL {version}）"),
    "doctor.db.owned": _("数据库完好（PostgreSQL {version}；平时没有运行，为检查临时启动）"),
    "doctor.db.old": _("数据库是 PostgreSQL {version}，太旧，需要 15 或更新版本。\n请升级数据库。"),
    "doctor.db.encoding": _("数据库编码是 {encoding}，应为 UTF8。\n请用 ENCODING 'UTF8' 重新建库后导入备份。"),
    "doctor.db.clock": _("数据库所在机器的时钟与本机相差 {seconds} 秒。\n请在两台机器上都启用时间同步（如 chrony）。"),
    "doctor.roles.ok": _("应用角色 {role} 权限正确：不能改动原始报文、历史和审计"),
    "doctor.roles.one_url": _(
        "应用与迁移使用同一个数据库角色 {role}，应用因此可能改动原始报文和历史。\n"
        "请建立两个角色，分别写入 DATABASE_URL 和 DATABASE_OWNER_URL，见 docs/reference/operations.md。"
    ),
    "doctor.roles.superuser": _(
        "应用以超级用户 {role} 连接数据库，任何保护都不起作用。\n请改用普通角色，见 docs/reference/operations.md。"
    ),
    "doctor.roles.owns": _(
        "应用角色 {role} 拥有 {count} 张表，因此可能改动原始报文和历史。\n请把表的属主改为迁移角色：REASSIGN OWNED。"
    ),
    "doctor.roles.may_change": _(
        "应用角色 {role} 可以改动表 {table}，证据不受保护。\n"
        "请以属主身份运行：REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}"
    ),
    "doctor.durable.ok": _("数据库保证已提交的数据落盘"),
    "doctor.durable.off": _(
        "数据库参数 {setting} 是 off：断电时已应答的数据可能丢失。\n"
        "请运行：ALTER SYSTEM SET {setting} = on，然后重启数据库。"
    ),
    "doctor.connections.ok": _("数据库连接 {used} 个，上限 {most}"),
    "doctor.connections.many": _(
        "数据库连接 {used} 个，接近上限 {most}。\n请调大 max_connections，或减少网页和网关进程数。"
    ),
    "doctor.transactions.long": _(
        "有 {count} 个事务已持续 {minutes} 分钟以上，会妨碍清理和分区维护。\n"
        "请在 pg_stat_activity 中查看，必要时用 pg_terminate_backend 结束。"
    ),
    "doctor.migrations.ok": _("数据库结构是最新的（{count} 项迁移）"),
    "doctor.migrations.open": _(
        "数据库结构缺 {count} 项更新，第一项是 {first}。\n请重新运行 ecobureau up，它会自动更新。"
    ),
    "doctor.migrations.unknown": _("无法检查数据库结构：{why}"),
    "doctor.key.ok": _("密钥文件 {file} 与已加密的口令相符"),
    "doctor.key.lost": _(
        "密钥文件 {file} 不见了，数据库中加密的口令无法打开，数采仪会被拒绝。\n请从备份恢复该文件，不要另建新文件。"
    ),
    "doctor.key.wrong": _(
        "密钥文件 {file} 打不开数采仪 {mn} 的口令：不是加密时用的那一个。\n请从备份恢复原文件，或在登记中重新填写口令。"
    ),
    "doctor.partitions.ok": _("今天和明天的数据分区已建立"),
    "doctor.partitions.missing": _(
        "缺少 {count} 个数据分区，例如 {table} 的 {day}。写入时会临时补建，但午夜会变慢。\n"
        "请确认 worker 在运行；也可运行 SQL：SELECT telemetry_ensure('{table}', ARRAY['{day}'::date])"
    ),
    "doctor.partitions.no_right": _(
        "角色 {role} 不能建立数据分区，到新的一天将无法入库。\n"
        "请以属主身份运行：GRANT EXECUTE ON FUNCTION telemetry_ensure(text, date[]) TO {role}"
    ),
    "doctor.gateway.ok": _("{count} 个网关进程在工作"),
    "doctor.gateway.silent": _(
        "系统在运行，但 {seconds} 秒内没有网关报告自己活着。\n请看日志中以 gateway 开头的最后几行。"
    ),
    "doctor.gateway.fault": _(
        "一天内有 {count} 次网关运行遇到程序或数据库结构故障，最近一次是运行 {run}：{text}\n"
        "受影响的数据帧没有应答，数采仪会重发。请确认程序与数据库迁移版本一致（ecobureau migrate），并查看网关日志。"
    ),
    "doctor.feeds.ok": _("{count} 个启用的监测点都在按时上报"),
    "doctor.feeds.silent": _(
        "{total} 个启用的监测点中有 {count} 个没有按时上报：{names}\n"
        "请检查现场的供电和网络，或在登记中停用已拆除的监测点。"
    ),
    "doctor.feeds.all_silent": _(
        "启用的 {count} 个监测点全部没有上报。\n请检查网关是否在运行、端口是否被防火墙挡住、现场设置的地址是否正确。"
    ),
    "doctor.dirty.ok": _("待研判的数据 {count} 批"),
    "doctor.dirty.slow": _("待研判的数据有 {count} 批，最早的已等 {minutes} 分钟。\n请看日志中以 worker 开头的行。"),
    "doctor.dirty.stuck": _(
        "待研判的数据有 {count} 批，最早的已等 {minutes} 分钟：研判已停止，不会产生新线索。\n"
        "请看日志中以 worker 开头的行，必要时重新启动。"
    ),
    "doctor.jobs.ok": _("后台任务正常"),
    "doctor.jobs.failed": _("最近一天有 {count} 个后台任务失败，例如 {name}。\n请看日志中以 worker 开头的行。"),
    "doctor.jobs.waiting": _("{count} 个后台任务已等待 {minutes} 分钟以上。\n请确认 worker 在运行，并看它的日志。"),
    "doctor.jobs.hanging": _(
        "{count} 个后台任务所属的 worker 已经消失。\n新的 worker 会自动重做；若一直如此，请重新启动。"
    ),
    "doctor.parts.open": _(
        "{count} 个分包两小时后仍未归并。\n请在报文页面按监测点查看，并请现场检查数采仪的分包设置。"
    ),
    "doctor.commands.open": _("{count} 条发给数采仪的命令已过期仍未结束。\n请在监测点页面查看，并检查该设备是否在线。"),
    "doctor.quarantine.some": _(
        "最近一天隔离了 {frames} 帧（{kinds} 种）：MN 未登记、口令不符或校验错误。\n请在隔离页面查看并登记或更正。"
    ),
    "doctor.seal.late": _("{day} 的原始报文还没有封存。\n请确认 worker 在运行，并看它的日志中有关封存的行。"),
    "doctor.books.ok": _("今天和昨天的收发账平衡：收到 {received} 帧，其中 {cut_off} 帧因中断未应答"),
    "doctor.books.broken": _(
        "收发账有 {count} 处不平：{day} 第 {run} 次运行、监测点 {station} 收到 {received} 帧，有结果的 {settled} 帧。\n"
        "请运行 ecobureau verify 核对原始报文，并把结果报告给维护者；不要删除任何数据。"
    ),
}
