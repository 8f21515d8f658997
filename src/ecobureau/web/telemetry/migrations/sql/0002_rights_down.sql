DROP FUNCTION IF EXISTS telemetry_ensure(text, date[]);
DROP FUNCTION IF EXISTS telemetry_drop_rt(date);
DROP FUNCTION IF EXISTS telemetry_refuse() CASCADE;
