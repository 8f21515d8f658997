"""The telemetry tables: made by SQL, known to Django as state."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"

STATE = [
    migrations.CreateModel(
        name='Command',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('cn', models.TextField()),
            ('params', models.JSONField()),
            ('asked_by', models.IntegerField()),
            ('asked_at', models.DateTimeField()),
            ('state', models.TextField()),
            ('changed_at', models.DateTimeField()),
            ('expires_at', models.DateTimeField()),
            ('session_id', models.BigIntegerField(null=True)),
            ('qn', models.TextField(default='')),
            ('qn_rtn', models.TextField(default='')),
            ('exe_rtn', models.TextField(default='')),
            ('frames', models.IntegerField(default=0)),
        ],
        options={
            'verbose_name': '反控命令',
            'db_table': 'command',
        },
    ),
    migrations.CreateModel(
        name='DeviceEvent',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('at', models.DateTimeField()),
            ('kind', models.TextField()),
            ('digest', models.BinaryField()),
            ('fields', models.JSONField()),
            ('raw_id', models.BigIntegerField()),
            ('received_at', models.DateTimeField()),
        ],
        options={
            'verbose_name': '设备事件',
            'db_table': 'device_event',
        },
    ),
    migrations.CreateModel(
        name='Dirty',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('st', models.TextField()),
            ('kind', models.TextField()),
            ('interval_s', models.IntegerField()),
            ('start_at', models.DateTimeField()),
            ('end_at', models.DateTimeField()),
            ('cause', models.TextField()),
            ('made_at', models.DateTimeField()),
        ],
        options={
            'verbose_name': '待研判区间',
            'db_table': 'dirty',
        },
    ),
    migrations.CreateModel(
        name='FrameCounter',
        fields=[
            ('pk', models.CompositePrimaryKey('day', 'run_id', 'station_id', 'outcome', blank=True, editable=False, primary_key=True, serialize=False)),
            ('day', models.DateField()),
            ('run_id', models.IntegerField()),
            ('station_id', models.IntegerField()),
            ('outcome', models.TextField()),
            ('frames', models.BigIntegerField()),
        ],
        options={
            'verbose_name': '结果计数',
            'db_table': 'frame_counter',
        },
    ),
    migrations.CreateModel(
        name='FramePeriod',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', 'start', blank=True, editable=False, primary_key=True, serialize=False)),
            ('start', models.DateTimeField()),
            ('raw_id', models.BigIntegerField()),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('layout_id', models.IntegerField()),
            ('lag', models.IntegerField()),
            ('note', models.SmallIntegerField()),
            ('v', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None)),
            ('marks', models.TextField(null=True)),
            ('wide', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), null=True, size=None)),
            ('exact', models.BinaryField(null=True)),
            ('parts', models.TextField(null=True)),
        ],
        options={
            'verbose_name': '时段数据帧',
            'db_table': 'frame_period',
        },
    ),
    migrations.CreateModel(
        name='FrameRt',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', 'start', blank=True, editable=False, primary_key=True, serialize=False)),
            ('start', models.DateTimeField()),
            ('raw_id', models.BigIntegerField()),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('layout_id', models.IntegerField()),
            ('lag', models.IntegerField()),
            ('note', models.SmallIntegerField()),
            ('v', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None)),
            ('marks', models.TextField(null=True)),
            ('wide', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), null=True, size=None)),
            ('exact', models.BinaryField(null=True)),
            ('parts', models.TextField(null=True)),
        ],
        options={
            'verbose_name': '实时数据帧',
            'db_table': 'frame_rt',
        },
    ),
    migrations.CreateModel(
        name='GatewayReceived',
        fields=[
            ('pk', models.CompositePrimaryKey('day', 'run_id', 'station_id', blank=True, editable=False, primary_key=True, serialize=False)),
            ('day', models.DateField()),
            ('run_id', models.IntegerField()),
            ('station_id', models.IntegerField()),
            ('frames', models.BigIntegerField()),
        ],
        options={
            'verbose_name': '接收计数',
            'db_table': 'gateway_received',
        },
    ),
    migrations.CreateModel(
        name='GatewayRun',
        fields=[
            ('id', models.AutoField(primary_key=True, serialize=False)),
            ('process', models.TextField()),
            ('host', models.TextField()),
            ('pid', models.IntegerField()),
            ('started_at', models.DateTimeField()),
            ('heartbeat_at', models.DateTimeField()),
            ('ended_at', models.DateTimeField(null=True)),
            ('crashed', models.BooleanField(default=False)),
            ('skipped_bytes', models.BigIntegerField(default=0)),
        ],
        options={
            'verbose_name': '网关运行',
            'db_table': 'gateway_run',
        },
    ),
    migrations.CreateModel(
        name='GatewaySession',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('run_id', models.IntegerField()),
            ('station_id', models.IntegerField()),
            ('mn', models.TextField()),
            ('peer', models.TextField()),
            ('opened_at', models.DateTimeField()),
            ('heartbeat_at', models.DateTimeField()),
            ('closed_at', models.DateTimeField(null=True)),
            ('reason', models.TextField(default='')),
        ],
        options={
            'verbose_name': '设备连接',
            'db_table': 'gateway_session',
        },
    ),
    migrations.CreateModel(
        name='FrameSource',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', 'start', 'raw_id', blank=True, editable=False, primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('start', models.DateTimeField()),
            ('raw_id', models.BigIntegerField()),
            ('factors', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
        ],
        options={
            'verbose_name': '数据帧来源',
            'db_table': 'frame_source',
        },
    ),
    migrations.CreateModel(
        name='Latest',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', 'factor', blank=True, editable=False, primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('factor', models.TextField(db_collation='C')),
            ('layout_id', models.IntegerField()),
            ('start', models.DateTimeField()),
            ('received_at', models.DateTimeField()),
            ('raw_id', models.BigIntegerField()),
            ('value', models.FloatField(null=True)),
            ('zs_value', models.FloatField(null=True)),
            ('decimals', models.SmallIntegerField()),
            ('zs_decimals', models.SmallIntegerField()),
            ('flag', models.TextField()),
            ('backfilled', models.BooleanField()),
        ],
        options={
            'verbose_name': '最新值',
            'db_table': 'latest',
        },
    ),
    migrations.CreateModel(
        name='Layout',
        fields=[
            ('id', models.AutoField(primary_key=True, serialize=False)),
            ('digest', models.BinaryField(unique=True)),
            ('factors', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ('units', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ('dialects', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ('slot_factor', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
            ('slot_stat', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ('slot_decimals', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
            ('slot_role', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
        ],
        options={
            'verbose_name': '数据布局',
            'db_table': 'layout',
        },
    ),
    migrations.CreateModel(
        name='Parameter',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('device', models.TextField()),
            ('name', models.TextField()),
            ('value', models.TextField()),
            ('valid_from', models.DateTimeField()),
            ('valid_to', models.DateTimeField(null=True)),
            ('raw_id', models.BigIntegerField()),
            ('received_at', models.DateTimeField()),
        ],
        options={
            'verbose_name': '设备参数',
            'db_table': 'parameter',
        },
    ),
    migrations.CreateModel(
        name='PendingPart',
        fields=[
            ('raw_id', models.BigIntegerField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('cn', models.TextField()),
            ('qn', models.TextField()),
            ('pnum', models.IntegerField()),
            ('pno', models.IntegerField()),
            ('start', models.DateTimeField(null=True)),
            ('readings', models.JSONField(null=True)),
            ('received_at', models.DateTimeField()),
            ('run_id', models.IntegerField()),
            ('outcome', models.TextField()),
            ('reason', models.TextField(null=True)),
            ('settled_at', models.DateTimeField(null=True)),
        ],
        options={
            'verbose_name': '拆分包',
            'db_table': 'pending_part',
        },
    ),
    migrations.CreateModel(
        name='Quarantine',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('digest', models.BinaryField(unique=True)),
            ('overflow', models.BooleanField()),
            ('reason', models.TextField()),
            ('peer', models.TextField()),
            ('mn', models.TextField()),
            ('cn', models.TextField()),
            ('raw', models.BinaryField()),
            ('frames', models.BigIntegerField()),
            ('first_at', models.DateTimeField()),
            ('last_at', models.DateTimeField()),
            ('run_id', models.IntegerField()),
        ],
        options={
            'verbose_name': '隔离报文',
            'db_table': 'quarantine',
        },
    ),
    migrations.CreateModel(
        name='RawFrame',
        fields=[
            ('id', models.BigIntegerField(primary_key=True, serialize=False)),
            ('received_at', models.DateTimeField()),
            ('station_id', models.IntegerField()),
            ('run_id', models.IntegerField()),
            ('session_id', models.BigIntegerField(null=True)),
            ('codec', models.SmallIntegerField()),
            ('sha256', models.BinaryField()),
            ('cn', models.TextField()),
            ('outcome', models.TextField()),
            ('reason', models.TextField(null=True)),
            ('deviations', models.TextField(null=True)),
            ('raw', models.BinaryField()),
        ],
        options={
            'verbose_name': '原始报文',
            'db_table': 'raw_frame',
        },
    ),
    migrations.CreateModel(
        name='Rekey',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('kind', models.TextField()),
            ('shift_s', models.IntegerField()),
            ('from_at', models.DateTimeField()),
            ('to_at', models.DateTimeField()),
            ('frames', models.BigIntegerField()),
            ('asked_by', models.IntegerField()),
            ('reason', models.TextField()),
            ('made_at', models.DateTimeField()),
        ],
        options={
            'verbose_name': '时标改键',
            'db_table': 'rekey',
        },
    ),
    migrations.CreateModel(
        name='Revision',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('start', models.DateTimeField()),
            ('factor', models.TextField()),
            ('stat', models.TextField()),
            ('old_text', models.TextField(null=True)),
            ('new_text', models.TextField(null=True)),
            ('old_raw_id', models.BigIntegerField()),
            ('new_raw_id', models.BigIntegerField()),
            ('made_at', models.DateTimeField()),
        ],
        options={
            'verbose_name': '修订',
            'db_table': 'revision',
        },
    ),
    migrations.CreateModel(
        name='RollupDay',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', 'start', 'factor', blank=True, editable=False, primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('factor', models.TextField(db_collation='C')),
            ('start', models.DateTimeField()),
            ('n', models.IntegerField()),
            ('valid', models.IntegerField()),
            ('total', models.FloatField(null=True)),
            ('low', models.FloatField(null=True)),
            ('high', models.FloatField(null=True)),
            ('zs_valid', models.IntegerField()),
            ('zs_total', models.FloatField(null=True)),
            ('zs_high', models.FloatField(null=True)),
            ('cou', models.FloatField(null=True)),
        ],
        options={
            'verbose_name': '日汇总',
            'db_table': 'rollup_day',
        },
    ),
    migrations.CreateModel(
        name='RollupHour',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', 'start', 'factor', blank=True, editable=False, primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('factor', models.TextField(db_collation='C')),
            ('start', models.DateTimeField()),
            ('n', models.IntegerField()),
            ('valid', models.IntegerField()),
            ('total', models.FloatField(null=True)),
            ('low', models.FloatField(null=True)),
            ('high', models.FloatField(null=True)),
            ('zs_valid', models.IntegerField()),
            ('zs_total', models.FloatField(null=True)),
            ('zs_high', models.FloatField(null=True)),
            ('cou', models.FloatField(null=True)),
        ],
        options={
            'verbose_name': '小时汇总',
            'db_table': 'rollup_hour',
        },
    ),
    migrations.CreateModel(
        name='Seal',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'link', blank=True, editable=False, primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('link', models.IntegerField()),
            ('day', models.DateField()),
            ('seq', models.IntegerField()),
            ('frames', models.BigIntegerField()),
            ('extra', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None)),
            ('prev', models.BinaryField()),
            ('head', models.BinaryField()),
            ('snapshot', models.TextField()),
            ('sealed_at', models.DateTimeField()),
        ],
        options={
            'verbose_name': '封存',
            'db_table': 'seal',
        },
    ),
    migrations.CreateModel(
        name='Stream',
        fields=[
            ('id', models.AutoField(primary_key=True, serialize=False)),
            ('st', models.TextField()),
            ('kind', models.TextField()),
            ('interval_s', models.IntegerField()),
        ],
        options={
            'verbose_name': '数据流',
            'db_table': 'stream',
        },
    ),
    migrations.CreateModel(
        name='StreamState',
        fields=[
            ('pk', models.CompositePrimaryKey('station_id', 'stream_id', blank=True, editable=False, primary_key=True, serialize=False)),
            ('station_id', models.IntegerField()),
            ('stream_id', models.IntegerField()),
            ('newest', models.DateTimeField()),
            ('received_at', models.DateTimeField()),
            ('open_hour', models.DateTimeField()),
        ],
        options={
            'verbose_name': '数据流状态',
            'db_table': 'stream_state',
        },
    ),
    migrations.CreateModel(
        name='CommandEvent',
        fields=[
            ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ('at', models.DateTimeField()),
            ('state', models.TextField()),
            ('note', models.TextField()),
            ('command', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='telemetry.command')),
        ],
        options={
            'verbose_name': '命令步骤',
            'db_table': 'command_event',
        },
    ),
]


def text(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("core", "0001_ground")]
    operations = [
        migrations.RunSQL(text("0001_tables.sql"), text("0001_tables_down.sql"), state_operations=STATE),
        migrations.RunSQL(text("0002_rights.sql"), text("0002_rights_down.sql")),
    ]
