"""All command codes of HJ 212 as one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecobureau.domain.hj212.editions import Edition


class Direction(StrEnum):
    """Who sends a command."""

    DOWN = "platform to field"
    UP = "field to platform"


class Kind(StrEnum):
    """Kind of a command: its dialogue follows from it."""

    REQUEST = "request"
    UPLOAD = "upload"
    NOTICE = "notice"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a code: a direction and kind, with the keys of its CP.

    Attributes:
        direction, kind: who sends it, and the dialogue it belongs to.
        required, optional: CP keys; `x-Rtd` stands for that field of any factor, `*` for any key.
        editions: in which editions the code has this use.
    """

    direction: Direction
    kind: Kind
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command code.

    Attributes:
        code: four digits.
        zh, en: its name; where editions differ, that of the newest.
        editions: where it is defined; empty for codes of field practice.
        uses: every direction and kind it is used in.
        certain: read in the standard's text (2017); False where only peers' sources show it.
    """

    code: str
    zh: str
    en: str
    editions: tuple[Edition, ...]
    uses: tuple[Use, ...]
    certain: bool = True

    def use(self, direction: Direction, edition: Edition | None = None) -> Use | None:
        """Return the use in that direction (and edition, if given), or None."""
        for one in self.uses:
            if one.direction is direction and (edition is None or not one.editions or edition in one.editions):
                return one
        return None


_05, _17, _25 = Edition.E2005, Edition.E2017, Edition.E2025
_ALL = (_05, _17, _25)
_NEW = (_17, _25)
_WINDOW = ("BeginTime", "EndTime")
_PERIOD = ("x-Min", "x-Avg", "x-Max", "x-Cou", "x-ZsMin", "x-ZsAvg", "x-ZsMax", "x-Flag", "x-EFlag", "x-SampleTime")


def _r(*required: str, optional: tuple[str, ...] = (), only: tuple[Edition, ...] = ()) -> Use:
    return Use(Direction.DOWN, Kind.REQUEST, required, optional, only)


def _u(*required: str, optional: tuple[str, ...] = (), only: tuple[Edition, ...] = ()) -> Use:
    return Use(Direction.UP, Kind.UPLOAD, required, optional, only)


def _down(*required: str, optional: tuple[str, ...] = (), only: tuple[Edition, ...] = ()) -> Use:
    return Use(Direction.DOWN, Kind.NOTICE, required, optional, only)


def _up(*required: str, optional: tuple[str, ...] = (), only: tuple[Edition, ...] = ()) -> Use:
    return Use(Direction.UP, Kind.NOTICE, required, optional, only)


def _a(direction: Direction, *required: str) -> Use:
    return Use(direction, Kind.ANSWER, required, ("QN", "CN"))


_TABLE = (
    Command("1000", "设置超时时间及重发次数", "set time-out and number of resends", _ALL, (_r("OverTime", "ReCount"),)),
    Command(
        "1001",
        "上传数采仪硬件序号（2005：设置超限报警时间）",
        "upload logger hardware ids (2005: set alarm time)",
        (_05, _25),
        (
            _r("WarnTime", only=(_05,)),
            _up(optional=("DataTime", "i23005-Info", "i23006-Info", "i23007-Info", "i23008-Info"), only=(_25,)),
        ),
        certain=False,
    ),
    Command("1002", "设置数采仪 MN 编码", "set the logger's MN", (_25,), (_r("MN"),), certain=False),
    Command(
        "1011",
        "提取、上传现场机时间",
        "get, upload field time",
        _ALL,
        (_r(optional=("PolId",)), _u("SystemTime", optional=("PolId",))),
    ),
    Command("1012", "设置现场机时间", "set field time", _ALL, (_r("SystemTime", optional=("PolId",)),)),
    Command("1013", "现场机时间校准请求", "field asks for time calibration", _NEW, (_up(optional=("PolId",)),)),
    Command(
        "1014",
        "申请、更新密钥",
        "ask for, send a new key",
        (_25,),
        (_up("SKCreateTime"), _r("SKCreateTime", "NewSK")),
        certain=False,
    ),
    Command(
        "1021", "提取、上传污染物报警门限值", "get, upload alarm limits", (_05,), (_r("PolId"), _u("*")), certain=False
    ),
    Command("1022", "设置污染物报警门限值", "set alarm limits", (_05,), (_r("*"),), certain=False),
    Command(
        "1031",
        "提取、上传上位机地址",
        "get, upload platform address",
        (_05,),
        (_r(), _u("ReportTarget")),
        certain=False,
    ),
    Command("1032", "设置上位机地址", "set platform address", (_05,), (_r("ReportTarget"),), certain=False),
    Command(
        "1041", "提取、上传数据上报时间", "get, upload report time", (_05,), (_r(), _u("ReportTime")), certain=False
    ),
    Command("1042", "设置数据上报时间", "set report time", (_05,), (_r("ReportTime"),), certain=False),
    Command(
        "1061", "提取、上传实时数据间隔", "get, upload interval of real-time data", _ALL, (_r(), _u("RtdInterval"))
    ),
    Command("1062", "设置实时数据间隔", "set interval of real-time data", _ALL, (_r("RtdInterval"),)),
    Command("1063", "提取、上传分钟数据间隔", "get, upload interval of minute data", _NEW, (_r(), _u("MinInterval"))),
    Command("1064", "设置分钟数据间隔", "set interval of minute data", _NEW, (_r("MinInterval"),)),
    Command("1072", "设置现场机访问密码", "set password", _ALL, (_r("NewPW"),)),
    Command(
        "2011",
        "取、上传污染物实时数据",
        "start, upload real-time data",
        _ALL,
        (_r(), _u("DataTime", optional=("x-Rtd", "x-ZsRtd", "x-Flag", "x-EFlag", "x-SampleTime"))),
    ),
    Command("2012", "停止察看污染物实时数据", "stop real-time data", _ALL, (_down(),)),
    Command(
        "2013",
        "取、上传原始监测数据",
        "get, upload raw cyclic data",
        (_25,),
        (_r(*_WINDOW), _u("DataTime", optional=("*",))),
        certain=False,
    ),
    Command(
        "2021",
        "取、上传设备运行状态",
        "start, upload facility state",
        _ALL,
        (_r(), _u("DataTime", optional=("SBn-RS",))),
    ),
    Command("2022", "停止察看设备运行状态", "stop facility state", _ALL, (_down(),)),
    Command(
        "2031",
        "取、上传污染物日历史数据",
        "get, upload day data",
        _ALL,
        (_r(*_WINDOW), _u("DataTime", optional=_PERIOD)),
    ),
    Command(
        "2041",
        "取、上传设备运行时间日历史数据",
        "get, upload facility run time of the day",
        _ALL,
        (_r(*_WINDOW), _u("DataTime", optional=("SBn-RT",))),
    ),
    Command(
        "2051",
        "取、上传污染物分钟数据",
        "get, upload minute data",
        _ALL,
        (_r(*_WINDOW), _u("DataTime", optional=_PERIOD)),
    ),
    Command(
        "2052",
        "取、上传噪声单次测量数据",
        "get, upload single noise measurement",
        (_25,),
        (_r(*_WINDOW), _u("DataTime", optional=("*",))),
        certain=False,
    ),
    Command(
        "2061",
        "取、上传污染物小时数据",
        "get, upload hour data",
        _ALL,
        (_r(*_WINDOW), _u("DataTime", optional=_PERIOD)),
    ),
    Command(
        "2062",
        "取、上传自动标样核查数据",
        "get, upload standard-sample check",
        (_25,),
        (_r(*_WINDOW), _u("DataTime", optional=("*",))),
        certain=False,
    ),
    Command(
        "2071", "取、上传污染物报警记录", "get, upload alarm records", (_05,), (_r(*_WINDOW), _u("*")), certain=False
    ),
    Command("2072", "上传报警事件", "alarm event", (_05,), (_up("AlarmTime", optional=("*",)),), certain=False),
    Command("2081", "上传数采仪开机时间", "upload logger boot time", _NEW, (_u("DataTime", "RestartTime"),)),
    Command(
        "2111",
        "上传炉膛温度五分钟均值",
        "upload furnace temperature 5-minute mean",
        (_25,),
        (_u("DataTime", optional=("a01901-Avg", "x-Flag")),),
        certain=False,
    ),
    Command(
        "3011", "零点校准、量程校准", "zero and span calibration", _ALL, (_r("PolId", optional=("CalibrationType",)),)
    ),
    Command("3012", "即时采样", "sample now", _ALL, (_r("PolId"),)),
    Command("3013", "启动清洗、反吹", "clean, blow back", _ALL, (_r("PolId"),)),
    Command(
        "3014",
        "比对采样（2005：设置采样时间周期）",
        "comparison sampling (2005: set sampling cycle)",
        (_05, _17),
        (_r("PolId", optional=("CstartTime", "CTime")),),
    ),
    Command("3015", "超标留样", "keep over-limit sample", (_17,), (_r(), _u("DataTime", "VaseNo"))),
    Command("3016", "设置采样时间周期", "set sampling cycle", (_17,), (_r("PolId", "CstartTime", "CTime"),)),
    Command(
        "3017",
        "提取、上传采样时间周期",
        "get, upload sampling cycle",
        (_17,),
        (_r("PolId"), _u("PolId", "CstartTime", "CTime")),
    ),
    Command("3018", "提取、上传出样时间", "get, upload time to result", _NEW, (_r("PolId"), _u("PolId", "Stime"))),
    Command("3019", "提取、上传设备唯一标识", "get, upload analyser serial", _NEW, (_r("PolId"), _u("PolId", "x-SN"))),
    Command(
        "3020",
        "提取、上传现场机信息",
        "get, upload field information",
        _NEW,
        (_r("PolId", "InfoId", *_WINDOW), _u("DataTime", optional=("PolId", "x-Info"))),
    ),
    Command("3021", "设置现场机参数", "set field parameter", _NEW, (_r("PolId", "InfoId", optional=("x-Info",)),)),
    Command("3022", "即时留样", "take a sample to keep now", (_25,), (_r("PolId"),), certain=False),
    Command("3024", "启动标样核查", "start standard-sample check", (_25,), (_r("PolId"),), certain=False),
    Command("9011", "请求应答", "request answer", _ALL, (_a(Direction.UP, "QnRtn"),)),
    Command("9012", "执行结果", "execution result", _ALL, (_a(Direction.UP, "ExeRtn"),)),
    Command("9013", "通知应答", "notice answer", _ALL, (_a(Direction.DOWN), _a(Direction.UP))),
    Command("9014", "数据应答", "data answer", _ALL, (_a(Direction.DOWN),)),
    Command("9015", "心跳包", "heartbeat", (_25,), (_up(),), certain=False),
    Command("9021", "登录、心跳（厂商惯用）", "login or heartbeat of many vendors", (), (_up(),), certain=False),
)

COMMANDS: dict[str, Command] = {command.code: command for command in _TABLE}
"""Every command, by code."""

ANSWERS = frozenset({"9011", "9012", "9013", "9014"})
"""Codes that answer; never answer one of them."""

DATA_COMMANDS = frozenset({"2011", "2013", "2021", "2031", "2041", "2051", "2052", "2061", "2062", "2111"})
"""Codes whose uploads carry measured data."""

QN_RTN = {
    "1": ("准备执行请求", "ready to execute"),
    "2": ("请求被拒绝", "request refused"),
    "3": ("PW 错误", "wrong PW"),
    "4": ("MN 错误", "wrong MN"),
    "5": ("ST 错误", "wrong ST"),
    "6": ("Flag 错误", "wrong Flag"),
    "7": ("QN 错误", "wrong QN"),
    "8": ("CN 错误", "wrong CN"),
    "9": ("CRC 校验错误", "wrong CRC"),
    "100": ("未知错误", "unknown error"),
}
"""QnRtn of 9011 (HJ 212-2017 table 11): zh, en."""

EXE_RTN = {
    "1": ("执行成功", "done"),
    "2": ("执行失败，原因不明", "failed, reason unknown"),
    "3": ("命令请求条件错误", "wrong condition in the request"),
    "4": ("通讯超时", "communication time-out"),
    "5": ("系统繁忙不能执行", "busy"),
    "6": ("系统故障", "system fault"),
    "100": ("没有数据", "no data"),
}
"""ExeRtn of 9012 (HJ 212-2017 table 10): zh, en."""

SYSTEMS = {
    "21": ("地表水质量监测", "surface water quality"),
    "22": ("空气质量监测", "air quality"),
    "23": ("声环境质量监测", "noise quality"),
    "24": ("地下水质量监测", "groundwater quality"),
    "25": ("土壤质量监测", "soil quality"),
    "26": ("海水质量监测", "sea water quality"),
    "27": ("挥发性有机物监测", "volatile organic compounds"),
    "31": ("大气环境污染源", "air pollution source"),
    "32": ("地表水体环境污染源", "waste water source"),
    "33": ("地下水体环境污染源", "groundwater pollution source"),
    "34": ("海洋环境污染源", "marine pollution source"),
    "35": ("土壤环境污染源", "soil pollution source"),
    "36": ("声环境污染源", "noise source"),
    "37": ("振动环境污染源", "vibration source"),
    "38": ("放射性环境污染源", "radioactivity source"),
    "39": ("工地扬尘污染源", "construction dust source"),
    "41": ("电磁环境污染源", "electromagnetic source"),
    "44": ("用电监控", "power monitoring"),
    "45": ("关键生产工况", "key production conditions"),
    "51": ("烟气排放过程监控", "flue-gas process"),
    "52": ("污水排放过程监控", "sewage process"),
    "91": ("系统交互", "system interaction"),
}
"""System codes ST (HJ 212-2017 table 5; 44 and 45 of 2025): zh, en."""
