"""Words of messages that leave the house, and of what keeps them from leaving."""

from ecobureau.words import _

CODES = {
    "messages.house": _("线上生态环境局"),
    "messages.subject": _("[{house}] {said}"),
    "messages.subject_urgent": _("[{house}] 紧急：{said}"),
    "messages.text": _("{level}　{said}"),
    "messages.level.red": _("红色"),
    "messages.level.orange": _("橙色"),
    "messages.level.yellow": _("黄色"),
    "messages.level.blue": _("蓝色"),
    "messages.digest": _("{count} 条提醒合并成这一条"),
    "messages.and_more": _("……另有 {count} 条，请到站内查看"),
    "messages.test_subject": _("试发"),
    "messages.test": _("这是 {who} 于 {at} 试发的一条消息，不用回复。"),
    "messages.why.quiet": _("免打扰时段，到点再发"),
    "messages.why.next_shift": _("不在班，到下一班再发"),
    "messages.why.off_duty": _("不在班，也没有下一班，只留在站内"),
    "messages.why.storm": _("同类提醒太密，稍后合并成一条"),
    "messages.bad_address": _("机器人地址不完整。请从群里重新复制，形如 https://主机/路径?key=…"),
    "messages.host_not_named": _(
        "没有允许发往 {host}。请由系统管理员把它加进 ECOBUREAU_MESSAGE_HOSTS，再重启 web 和 worker"
    ),
    "messages.no_answer": _("{host} 没有应答（{why}）。请检查网络、端口和加密方式"),
    "messages.bad_status": _("{host} 应答 HTTP {status}。4xx 请核对地址，5xx 请稍后再试"),
    "messages.no_json": _("{host} 的应答看不懂，这可能不是机器人地址"),
    "messages.bot_refused": _("机器人不收：{status} {why}。请核对地址、密钥和安全设置"),
    "messages.mail_refused": _("邮件服务器 {host} 不收：{status} {why}"),
    "messages.bad_mail": _("邮箱写得不对，或邮件头里有不能用的字符。请核对收件人和发件人"),
    "messages.no_file": _("短信文件写不进去：{why}"),
    "messages.no_address": _("收件人没有登记地址，或已关掉这个渠道"),
    "messages.channel_off": _("渠道 {channel} 已停用"),
    "messages.not_failed": _("这条消息没有失败，不用再发"),
    "core.audit.messages.channel": _("设置消息渠道"),
    "core.audit.messages.test": _("试发消息"),
    "core.audit.messages.again": _("重发消息"),
    "places.audit.registry.week": _("复制一周排班"),
    "places.audit.registry.roster_hours": _("改值班时段"),
}
