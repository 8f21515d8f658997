"""Words of the gateway and of its reasons to refuse."""

from ecobureau.words import _

CODES = {
    "gateway.help": _("启动数采仪网关：接收 HJ 212 报文，入库后应答，下发反控命令"),
    "gateway.host": _("监听地址，默认 127.0.0.1"),
    "gateway.port": _("监听端口，默认 9212；0 表示任选"),
    "gateway.processes": _("进程数（共用一个端口），默认 1"),
    "gateway.metrics_host": _("指标（Prometheus）的监听地址，默认 127.0.0.1"),
    "gateway.metrics_port": _("指标的端口；不给则不开。多个进程依次加一"),
    "gateway.log_level": _("日志级别：debug、info、warning、error，默认 info"),
    "gateway.no_database": _(
        "没有设置 DATABASE_URL。网关需要一个正在运行的数据库：请运行 ecobureau up（自带数据库），"
        "或设置 DATABASE_URL=postgresql://用户:口令@主机/库名。"
    ),
    "gateway.bad_setting": _("环境变量 {name} 的值 {text} 不对，应为：{wanted}。"),
    "gateway.cannot_listen": _("无法在 {host}:{port} 监听：{why}。请换一个端口（--port）或停止占用它的程序。"),
    "gateway.bad_processes": _("进程数应为 1 到 64，而不是 {text}。"),
    "frame.crc": _("校验码不符"),
    "frame.length": _("长度与数据段不符"),
    "frame.header": _("包头有误"),
    "frame.cp": _("数据区无法读懂"),
    "frame.truncated": _("数据包不完整"),
    "station.unknown": _("MN 未登记"),
    "station.password": _("密码 PW 不对"),
    "station.secret_unreadable": _("登记的密码无法解开：密钥文件不是封存时的那一个"),
    "station.inactive": _("数采仪已停用"),
    "data_time.future": _("DataTime 在将来"),
    "data_time.before_accept_from": _("DataTime 早于该站点的接收起点"),
    "data_time.malformed": _("DataTime 不是 14 位的时间"),
    "data_time.missing": _("有数据而没有 DataTime"),
    "cp.no_values": _("数据包里没有监测值"),
}
