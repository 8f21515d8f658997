"""Words of the commands web, worker, migrate and manage."""

from ecobureau.words import _

CODES = {
    "commands.no_database": _(
        "没有正在运行的数据库。请先运行 ecobureau up（数据目录 {folder}），或设置 DATABASE_URL 指向外部 PostgreSQL。"
    ),
    "worker.help": _("后台进程：处理任务队列、时限与研判"),
    "worker.concurrency": _("同时处理的任务数"),
    "web.help": _("只运行网页服务"),
    "web.host": _("监听地址"),
    "web.port": _("监听端口"),
    "web.workers": _("进程数"),
    "migrate.help": _("升级数据库结构（以库主身份）"),
    "manage.help": _("运行 Django 管理命令"),
    "manage.words": _("命令及其参数"),
}
