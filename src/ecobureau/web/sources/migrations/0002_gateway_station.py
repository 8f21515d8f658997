"""The one view through which the gateway reads stations, the revision counter, and spans that never overlap."""

from django.db import migrations

FORWARD = """
create sequence sources_revision;

alter table sources_limit add constraint sources_limit_span check (valid_to is null or valid_to >= valid_from);
alter table sources_limit add constraint sources_limit_no_overlap exclude using gist (
    int8range(outlet_id, outlet_id, '[]') with &&,
    int8range(hashtextextended(factor_id || '/' || field || '/' || period || '/' || kind, 0),
              hashtextextended(factor_id || '/' || field || '/' || period || '/' || kind, 0), '[]') with &&,
    daterange(valid_from, valid_to, '[]') with &&);
alter table sources_instrument add constraint sources_instrument_span
    check (valid_to is null or valid_to >= valid_from);
alter table sources_instrument add constraint sources_instrument_no_overlap exclude using gist (
    int8range(station_id, station_id, '[]') with &&,
    int8range(hashtextextended(factor_id, 0), hashtextextended(factor_id, 0), '[]') with &&,
    daterange(valid_from, valid_to, '[]') with &&);
alter table sources_notice add constraint sources_notice_span check (ends is null or ends > starts);

create view gateway_station as
select s.id::int as station_id,
       s.outlet_id::int as outlet_id,
       l.mn::text as mn,
       l.st::text as st,
       l.edition,
       l.dialect::text as dialect,
       l.password_sealed,
       l.sm4_key_sealed,
       l.stamp_rule::text as stamp_rule,
       l.rtd_interval_s,
       l.minute_interval,
       l.accept_from,
       (l.active and s.active) as active,
       l.unit_overrides,
       l.factor_map,
       l.max_frames_per_minute,
       l.relay,
       l.revision
  from sources_logger l
  join sources_station s on s.id = l.station_id;
"""
BACKWARD = """
drop view gateway_station;
alter table sources_notice drop constraint sources_notice_span;
alter table sources_instrument drop constraint sources_instrument_no_overlap;
alter table sources_instrument drop constraint sources_instrument_span;
alter table sources_limit drop constraint sources_limit_no_overlap;
alter table sources_limit drop constraint sources_limit_span;
drop sequence sources_revision;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
