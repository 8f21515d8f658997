"""Words of loading history from files."""

from ecobureau.words import _

CODES = {
    "history.format.help": _("历史数据（history）：表的格式；默认按列名识别"),
    "history.station.help": _("历史数据：整个文件属于这个站点（编号、MN 或名称）"),
    "history.stations.help": _("历史数据：站点对照表 name, station（文件中的名称 → 站点编号、MN 或名称）"),
    "history.columns.help": _("历史数据：列对照表 column, factor，可有 unit, stat"),
    "history.start.help": _("历史数据：没有时刻的表，第一行的起始时刻"),
    "history.stamp.help": _("历史数据：时刻是时段的开始（默认）还是结束"),
    "history.interval.help": _("历史数据：时段长度（秒），默认按格式"),
    "history.encoding.help": _("历史数据：文件编码，默认 utf-8，例如 gb18030"),
    "history.again.help": _("历史数据：同一个文件已经载入过，仍再载入一次"),
    "history.too_large": _("文件太大：最大 {most} MB，请分开提交"),
    "history.state": _("文件不在可以这样处理的状态"),
    "history.no_file": _("打不开文件 {file}：{reason}"),
    "history.no_encoding": _("没有叫“{encoding}”的编码；常用的是 utf-8 和 gb18030"),
    "history.not_text": _("文件不是 {encoding} 编码：请另存为 UTF-8，或用 --encoding gb18030"),
    "history.empty": _("文件是空的：第一行应为列名"),
    "history.column_twice": _("这些列出现不止一次：{columns}。请只留一列"),
    "history.no_column": _("缺少列：{missing}。现有的列：{columns}"),
    "history.no_format": _(
        "不认识这种表。可用的格式：{formats}；现有的列：{columns}。也可用 --columns 说明各列是什么因子"
    ),
    "history.no_start": _("这种表没有时刻：请用 --start 给出第一行的起始时刻"),
    "history.no_station": _("表中没有站点列：请用 --station 指定站点"),
    "history.bad_start": _("--start “{text}”不是时刻，例如 2025-01-01T00:00:00+08:00"),
    "history.bad_map": _("对照表 {file} 应有列：{columns}，并至少有一行"),
    "history.loaded_before": _("这个文件已在 {at} 完整载入过，没有再写入；确要再载入请加 --again"),
    "history.mend.number": _("应为数字；没有数据请留空。这个因子未载入"),
    "history.mend.time": _("应为时刻，例如 2025-01-01 13:00。这一行未载入"),
    "history.mend.factor": _("监测因子不能为空。这一行未载入"),
    "history.mend.station": _(
        "登记表中没有这个站点（编号、MN 或唯一的名称）：请先登记，或用 --stations 对照。这些行未载入"
    ),
    "history.mend.cells": _("有 {found} 个单元格，表头有 {wanted} 列；请检查逗号和引号。这一行未载入"),
    "history.bad_cell": _("第 {row} 行，列 {column}：“{text}”。{mend}"),
    "history.bad_row": _("第 {row} 行：{mend}"),
    "history.more": _("另有 {count} 处未列出"),
    "history.unknown_station": _("未登记的站点“{name}”：{rows} 行"),
    "history.would": _(
        "检查完毕，没有写入：格式 {format}，{rows} 行，{values} 个数值，{stations} 个站点，{first} 至 {last}；"
        "不能载入 {bad} 行，空 {empty} 行，读不懂的单元格 {cells} 个。"
    ),
    "history.done": _(
        "已载入：格式 {format}，{rows} 行，{values} 个数值，{stations} 个站点，{first} 至 {last}；"
        "新 {stored}，改写 {revised}，重复 {duplicate}；不能载入 {bad} 行，空 {empty} 行，读不懂的单元格 {cells} 个。"
    ),
}
