"""Spans of one unit's area, and of one person in one roster, never overlap. No extension is needed."""

from django.db import migrations

FORWARD = """
alter table places_area add constraint places_area_span check (valid_to is null or valid_to >= valid_from);
alter table places_area add constraint places_area_no_overlap exclude using gist (
    int8range(organisation_id, organisation_id, '[]') with &&, daterange(valid_from, valid_to, '[]') with &&);
alter table places_shift add constraint places_shift_no_overlap exclude using gist (
    int8range(roster_id, roster_id, '[]') with &&, int8range(person_id, person_id, '[]') with &&,
    tstzrange(starts, ends) with &&);
create index places_organisation_path_prefix on places_organisation (path text_pattern_ops);
"""
BACKWARD = """
drop index places_organisation_path_prefix;
alter table places_shift drop constraint places_shift_no_overlap;
alter table places_area drop constraint places_area_no_overlap;
alter table places_area drop constraint places_area_span;
"""


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
