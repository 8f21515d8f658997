"""The view through which the gateway reads stations carries the columns of the contract."""

import pytest
from django.db import connection

COLUMNS = {
    "station_id": "integer",
    "outlet_id": "integer",
    "mn": "text",
    "st": "text",
    "edition": "smallint",
    "dialect": "text",
    "password_sealed": "bytea",
    "sm4_key_sealed": "bytea",
    "stamp_rule": "text",
    "rtd_interval_s": "integer",
    "minute_interval": "integer",
    "accept_from": "timestamp with time zone",
    "active": "boolean",
    "unit_overrides": "jsonb",
    "factor_map": "jsonb",
    "max_frames_per_minute": "integer",
    "relay": "boolean",
    "revision": "bigint",
}


@pytest.mark.django_db
def test_view_has_the_columns_of_the_contract():
    with connection.cursor() as cursor:
        cursor.execute(
            "select column_name, data_type from information_schema.columns where table_name = 'gateway_station'"
        )
        assert dict(cursor.fetchall()) == COLUMNS
