-- What the application may do, and the functions through which it makes and drops partitions.

CREATE FUNCTION telemetry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are evidence and cannot be changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER raw_frame_append_only BEFORE UPDATE OR DELETE ON raw_frame FOR EACH ROW EXECUTE FUNCTION telemetry_refuse();
CREATE TRIGGER layout_append_only BEFORE UPDATE OR DELETE ON layout FOR EACH ROW EXECUTE FUNCTION telemetry_refuse();
CREATE TRIGGER layout_factor_append_only BEFORE UPDATE OR DELETE ON layout_factor
    FOR EACH ROW EXECUTE FUNCTION telemetry_refuse();
CREATE TRIGGER revision_append_only BEFORE DELETE ON revision FOR EACH ROW EXECUTE FUNCTION telemetry_refuse();
CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON seal FOR EACH ROW EXECUTE FUNCTION telemetry_refuse();
CREATE TRIGGER rekey_append_only BEFORE UPDATE OR DELETE ON rekey FOR EACH ROW EXECUTE FUNCTION telemetry_refuse();

-- Partitions of `parent` for the given days (Beijing): by day for frame_rt, by month for the others.
CREATE FUNCTION telemetry_ensure(parent text, days date[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted date;
    low date;
    high date;
    part text;
    made integer := 0;
BEGIN
    IF parent NOT IN ('raw_frame', 'frame_rt', 'frame_period') THEN
        RAISE EXCEPTION 'no partitions of % are made here', parent USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF cardinality(days) > 1000 THEN
        RAISE EXCEPTION 'too many days at once: %', cardinality(days) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('telemetry_ensure'));
    FOR wanted IN SELECT DISTINCT d FROM unnest(days) d ORDER BY d LOOP
        IF wanted < date '1990-01-01' OR wanted > date '2199-12-31' THEN
            RAISE EXCEPTION 'no partition for %', wanted USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF parent = 'frame_rt' THEN
            low := wanted; high := wanted + 1; part := parent || to_char(low, '_YYYYMMDD');
        ELSE
            low := date_trunc('month', wanted)::date; high := (low + interval '1 month')::date;
            part := parent || to_char(low, '_YYYYMM');
        END IF;
        CONTINUE WHEN to_regclass(format('public.%I', part)) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, parent);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', part);
        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'ecobureau_app') THEN
            EXECUTE format('REVOKE ALL ON public.%I FROM ecobureau_app', part);
        END IF;
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, part,
                       to_char(low, 'YYYY-MM-DD 00:00:00+08'), to_char(high, 'YYYY-MM-DD 00:00:00+08'));
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- Drops the days of frame_rt before `before` (Beijing); returns how many.
CREATE FUNCTION telemetry_drop_rt(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    victim record;
    dropped integer := 0;
BEGIN
    FOR victim IN
        SELECT n.nspname, c.relname FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE p.relname = 'frame_rt' AND n.nspname = 'public' AND c.relname ~ '^frame_rt_\d{8}$'
          AND to_date(right(c.relname, 8), 'YYYYMMDD') < before
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE %I.%I', victim.nspname, victim.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION telemetry_ensure(text, date[]), telemetry_drop_rt(date) FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'ecobureau_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON stream, gateway_run, gateway_received, frame_counter, frame_rt,
            frame_period, stream_state, latest_rest, rollup_hour, rollup_day, frame_source, device_event, parameter, quarantine, pending_part,
            dirty, gateway_session, command, command_event TO ecobureau_app;
        REVOKE ALL ON latest FROM ecobureau_app;
        GRANT SELECT ON latest TO ecobureau_app;
        REVOKE ALL ON raw_frame, layout, layout_factor, revision, seal, rekey FROM ecobureau_app;
        GRANT SELECT, INSERT ON raw_frame, layout, layout_factor, revision, seal, rekey TO ecobureau_app;
        GRANT UPDATE (start) ON revision TO ecobureau_app;
        GRANT USAGE ON SEQUENCE raw_frame_id_seq TO ecobureau_app;
        GRANT EXECUTE ON FUNCTION telemetry_ensure(text, date[]), telemetry_drop_rt(date) TO ecobureau_app;
    END IF;
END $$;
