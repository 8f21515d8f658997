DROP FUNCTION IF EXISTS telemetry_put_one;
