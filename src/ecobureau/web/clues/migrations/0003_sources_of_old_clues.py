"""Clues from before there were sources get the program's own: judging, detection, or a person."""

from django.db import migrations

_KIND = "case when rule ~ '^P[0-9]{2}$' then 'detection' when rule <> '' then 'judging' else 'manual' end"
_NAME = "case kind when 'detection' then '异常检测' when 'judging' then '到达判断' else '人工登记' end"

FORWARD = f"""
insert into clues_cluesource
    (code, name, kind, machine, contact, phone, scenario, org_path, active, note, made_at, updated_at)
select kind, {_NAME}, kind, kind <> 'manual', '', '', '', '/', true, '', first, first
from (select {_KIND} as kind, min(created_at) as first from clues_clue group by 1) as had;
update clues_clue set source_id = (select id from clues_cluesource s where s.code = {_KIND}) where source_id is null;
"""


class Migration(migrations.Migration):
    dependencies = [("clues", "0002_pool")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
