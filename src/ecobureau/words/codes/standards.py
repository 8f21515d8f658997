from ecobureau.words import _

CODES = {
    "standards.help": _("按标准计算官方数字：空气、水、噪声、排放，离线，纯 CSV"),
    "standards.in.help": _("输入的 CSV 文件；- 为标准输入"),
    "standards.out.help": _("输出的 CSV 文件；- 为标准输出"),
    "standards.encoding.help": _("输入文件的编码，默认 UTF-8（有无 BOM 均可），例如 gb18030"),
    "standards.file_trouble": _("文件 {file}：{reason}"),
    "standards.is_folder": _("{file} 是一个文件夹，请给出文件名"),
    "standards.no_encoding": _("没有叫“{encoding}”的编码；常用的是 utf-8 和 gb18030"),
    "standards.no_header": _("{file} 是空的：第一行应为列名"),
    "standards.not_text": _(
        "{file} 第 {line} 行附近不是 {encoding} 编码：请另存为“CSV UTF-8”，或用 --encoding gb18030 读取"
    ),
    "standards.not_csv": _("{file} 第 {line} 行不是 CSV：{reason}。请检查这一行及其前面的引号"),
    "standards.no_column": _("{file} 缺少列：{missing}。现有的列：{columns}"),
    "standards.column_twice": _("{file} 中这些列出现不止一次：{columns}。请只留一列"),
    "standards.renamed": _("输入已有名为 {column} 的列，保留为 {other}"),
    "standards.bad_cell": _("第 {row} 行，列 {column}：“{text}”。{mend}"),
    "standards.bad_row": _("第 {row} 行：{mend}"),
    "standards.more_bad": _("另有 {count} 处未列出"),
    "standards.mend.number": _("应为数字；没有数据请留空"),
    "standards.mend.negative": _("不能为负数；没有数据请留空"),
    "standards.mend.date": _("应为日期，例如 2026-03-01"),
    "standards.mend.time": _("应为时间，例如 2026-03-01 13:00"),
    "standards.mend.ragged": _("有 {found} 个单元格，表头有 {wanted} 列；请检查多出或缺少的逗号和引号"),
    "standards.yes": _("是"),
    "standards.no": _("否"),
    "standards.check.help": _("重算已发布的一列，列出不同之处及其推导"),
    "standards.check.against.help": _("已发布的列"),
    "standards.check.kind.help": _("数据种类；不写则由列名判断"),
    "standards.check.field.help": _("与哪一项结果比较；不写则由列名判断"),
    "standards.check.out.help": _("把不同之处写成 CSV；- 为标准输出"),
    "standards.check.show.help": _("列出推导的不同之处的个数，默认 20"),
    "standards.check.no_kind": _("{file} 的列不合任何种类（{kinds}）：请用 --kind 指定"),
    "standards.check.no_field": _("不知“{column}”对应哪一项结果：请用 --field 指定（{fields}）"),
    "standards.check.difference": _("第 {row} 行：发布“{published}”，重算“{computed}”"),
    "standards.check.note": _("说明：{note}"),
    "standards.check.summary": _(
        "{kind} {field}：比较 {compared} 行，相同 {same}，不同 {different}；"
        "未发布 {unpublished} 行，其中 {only_computed} 行可算出"
    ),
    "standards.check.more": _("另有 {count} 处不同未列出"),
    "standards.progress": _("已读 {rows} 行 {share}"),
}
