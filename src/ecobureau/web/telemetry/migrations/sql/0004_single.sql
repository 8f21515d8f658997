-- The way of one frame that comes alone: plain statements by key, planned once, in one call that is its own transaction.
-- It does all of a frame's work, or nothing: false where the frame is no newer one of its stream in the hour that is
-- open, with the same factors, or where its key is taken. Then the writer goes the way of a batch.
CREATE FUNCTION telemetry_put_one(
    is_rt boolean, at timestamptz, raw bigint, station integer, stream integer, layout integer, late_by integer,
    mark smallint, numbers integer[], marks_ text, floats double precision[], exact_ bytea, received timestamptz,
    hour timestamptz, st_ text, kind_ text, interval_s_ integer, until timestamptz, cause_ text, run integer,
    session bigint, codec_ smallint, digest bytea, cn_ text, deviations_ text, bytes bytea, day_ date, count_day date,
    count_station integer, counted bigint, number bigint, told bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM stream_state s WHERE s.station_id = station AND s.stream_id = stream AND s.layout_id = layout
        AND s.newest <= at AND s.open_hour = hour;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF is_rt THEN
        INSERT INTO frame_rt (start, raw_id, station_id, stream_id, layout_id, lag, note, v, marks, wide, exact)
        VALUES (at, raw, station, stream, layout, late_by, mark, numbers, marks_, floats, exact_)
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO frame_period (start, raw_id, station_id, stream_id, layout_id, lag, note, v, marks, wide, exact)
        VALUES (at, raw, station, stream, layout, late_by, mark, numbers, marks_, floats, exact_)
        ON CONFLICT DO NOTHING;
    END IF;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE stream_state s SET received_at = greatest(s.received_at, received), was_open = s.open_hour, newest = at,
        raw_id = raw, lag = late_by, note = mark, v = numbers, marks = marks_, wide = floats, exact = exact_
    WHERE s.station_id = station AND s.stream_id = stream AND s.layout_id = layout AND s.newest <= at
        AND s.open_hour = hour;
    IF NOT FOUND THEN
        -- Another gateway was quicker by a moment: nothing of this counts, and the writer comes again.
        RAISE EXCEPTION 'a newer frame of the stream came meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO dirty (station_id, st, kind, interval_s, start_at, end_at, cause, made_at)
    VALUES (station, st_, kind_, interval_s_, at, until, cause_, received);
    INSERT INTO raw_frame (id, received_at, station_id, run_id, session_id, codec, sha256, cn, outcome, deviations, raw)
    VALUES (raw, received, station, run, session, codec_, digest, cn_, 'stored', deviations_, bytes);
    INSERT INTO frame_counter AS c (day, run_id, station_id, outcome, frames)
    VALUES (day_, run, station, 'stored', 1)
    ON CONFLICT (day, run_id, station_id, outcome) DO UPDATE SET frames = c.frames + 1;
    IF counted IS NOT NULL THEN
        INSERT INTO gateway_received AS g (day, run_id, station_id, frames)
        VALUES (count_day, run, count_station, counted)
        ON CONFLICT (day, run_id, station_id) DO UPDATE SET frames = greatest(g.frames, excluded.frames)
        WHERE g.frames < excluded.frames;
    END IF;
    IF number IS NOT NULL THEN
        INSERT INTO gateway_batch (run_id, batch, outcomes) VALUES (run, number, told)
        ON CONFLICT (run_id) DO UPDATE SET batch = excluded.batch, outcomes = excluded.outcomes;
    END IF;
    PERFORM pg_notify('eb_dirty', '');
    RETURN true;
END $$;
