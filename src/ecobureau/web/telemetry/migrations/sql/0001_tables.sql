-- The telemetry store. Bounds of partitions stand at +08:00. No default partition: telemetry_ensure makes what is missing.

CREATE TABLE stream (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    st text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('rt', 'minute', 'hour', 'day')),
    interval_s integer NOT NULL CHECK (interval_s >= 0),
    UNIQUE (st, kind, interval_s)
);

CREATE TABLE layout (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    factors text[] NOT NULL,
    units text[] NOT NULL,
    dialects text[] NOT NULL,
    slot_factor smallint[] NOT NULL,
    slot_stat text[] NOT NULL,
    slot_decimals smallint[] NOT NULL,
    slot_role smallint[] NOT NULL
);
COMMENT ON COLUMN layout.slot_role IS
    '1 the factor''s own value, 2 its converted value, 3 minimum, 4 maximum, 5 converted maximum, 6 total, 0 other';

CREATE TABLE layout_factor (
    layout_id integer NOT NULL,
    number smallint NOT NULL,
    factor text COLLATE "C" NOT NULL,
    slot smallint,
    decimals smallint NOT NULL,
    scale double precision NOT NULL,
    zs_slot smallint,
    zs_decimals smallint NOT NULL,
    zs_scale double precision NOT NULL,
    PRIMARY KEY (layout_id, number)
);
COMMENT ON TABLE layout_factor IS 'where in a row of a layout the own and the converted value of each factor stand';

CREATE TABLE gateway_run (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    ended_at timestamptz,
    crashed boolean NOT NULL DEFAULT false,
    skipped_bytes bigint NOT NULL DEFAULT 0
);

CREATE TABLE gateway_received (
    day date NOT NULL,
    run_id integer NOT NULL,
    station_id integer NOT NULL,
    frames bigint NOT NULL,
    PRIMARY KEY (day, run_id, station_id)
) WITH (fillfactor = 70);

CREATE TABLE frame_counter (
    day date NOT NULL,
    run_id integer NOT NULL,
    station_id integer NOT NULL,
    outcome text NOT NULL,
    frames bigint NOT NULL,
    PRIMARY KEY (day, run_id, station_id, outcome)
) WITH (fillfactor = 70);
CREATE INDEX frame_counter_station ON frame_counter (station_id, day);

CREATE SEQUENCE raw_frame_id_seq AS bigint INCREMENT BY 1000;

CREATE TABLE raw_frame (
    id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    station_id integer NOT NULL,
    run_id integer NOT NULL,
    session_id bigint,
    codec smallint NOT NULL,
    sha256 bytea NOT NULL,
    cn text NOT NULL,
    outcome text NOT NULL,
    reason text,
    deviations text,
    raw bytea NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX raw_frame_id ON raw_frame (id);
CREATE INDEX raw_frame_received ON raw_frame USING brin (received_at) WITH (pages_per_range = 32);

CREATE TABLE frame_rt (
    start timestamptz NOT NULL,
    raw_id bigint NOT NULL,
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    layout_id integer NOT NULL,
    lag integer NOT NULL,
    note smallint NOT NULL,
    v integer[],
    marks text,
    wide double precision[],
    exact bytea,
    parts text,
    CHECK ((v IS NULL) <> (wide IS NULL))
) PARTITION BY RANGE (start);
CREATE UNIQUE INDEX frame_rt_key ON frame_rt (station_id, stream_id, start);

CREATE TABLE frame_period (LIKE frame_rt INCLUDING CONSTRAINTS) PARTITION BY RANGE (start);
CREATE UNIQUE INDEX frame_period_key ON frame_period (station_id, stream_id, start);

CREATE TABLE stream_state (
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    newest timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    open_hour timestamptz NOT NULL,
    was_open timestamptz NOT NULL,
    raw_id bigint NOT NULL,
    layout_id integer NOT NULL,
    lag integer NOT NULL,
    note smallint NOT NULL,
    v integer[],
    marks text,
    wide double precision[],
    exact bytea,
    PRIMARY KEY (station_id, stream_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE stream_state IS 'newest frame of a station''s stream, packed as in frame_rt; the lock of its roll-ups';

CREATE TABLE latest_rest (
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    factor text COLLATE "C" NOT NULL,
    layout_id integer NOT NULL,
    start timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    raw_id bigint NOT NULL,
    value double precision,
    zs_value double precision,
    decimals smallint NOT NULL,
    zs_decimals smallint NOT NULL,
    flag text NOT NULL,
    backfilled boolean NOT NULL,
    PRIMARY KEY (station_id, stream_id, factor)
);
COMMENT ON TABLE latest_rest IS 'newest values of the factors that the newest frame of their stream does not hold';

CREATE VIEW latest AS
SELECT s.station_id, s.stream_id, f.factor, s.layout_id, s.newest AS start, s.received_at, s.raw_id,
    CASE WHEN s.wide IS NULL THEN s.v[f.slot] / f.scale ELSE s.wide[f.slot] END AS value,
    CASE WHEN s.wide IS NULL THEN s.v[f.zs_slot] / f.zs_scale ELSE s.wide[f.zs_slot] END AS zs_value,
    CASE WHEN s.marks IS NULL THEN 'N'
        WHEN strpos(s.marks, ',') > 0 THEN split_part(s.marks, ',', f.number)
        ELSE substr(s.marks, f.number, 1) END AS flag,
    s.note & 1 = 1 AS backfilled
FROM stream_state s JOIN layout_factor f ON f.layout_id = s.layout_id
UNION ALL
SELECT station_id, stream_id, factor, layout_id, start, received_at, raw_id, value, zs_value, flag, backfilled
FROM latest_rest;
COMMENT ON VIEW latest IS 'newest value of every series (station, stream, factor), one row each';

CREATE TABLE rollup_hour (
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    factor text COLLATE "C" NOT NULL,
    start timestamptz NOT NULL,
    n integer NOT NULL,
    valid integer NOT NULL,
    total double precision,
    low double precision,
    high double precision,
    zs_valid integer NOT NULL,
    zs_total double precision,
    zs_high double precision,
    cou double precision,
    PRIMARY KEY (station_id, stream_id, start, factor)
);
CREATE TABLE rollup_day (LIKE rollup_hour INCLUDING ALL);

CREATE TABLE frame_source (
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    start timestamptz NOT NULL,
    raw_id bigint NOT NULL,
    factors text[] NOT NULL,
    PRIMARY KEY (station_id, stream_id, start, raw_id)
);

CREATE TABLE revision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    start timestamptz NOT NULL,
    factor text NOT NULL,
    stat text NOT NULL,
    old_text text,
    new_text text,
    old_raw_id bigint NOT NULL,
    new_raw_id bigint NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX revision_key ON revision (station_id, stream_id, start);
CREATE INDEX revision_made ON revision (made_at);

CREATE TABLE device_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    fields jsonb NOT NULL,
    raw_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE (station_id, at, kind, digest)
);

CREATE TABLE parameter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id integer NOT NULL,
    device text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    raw_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE (station_id, device, name, valid_from)
);

CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    overflow boolean NOT NULL,
    reason text NOT NULL,
    peer text NOT NULL,
    mn text NOT NULL,
    cn text NOT NULL,
    raw bytea NOT NULL,
    frames bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    run_id integer NOT NULL
);
CREATE INDEX quarantine_last ON quarantine (last_at);
CREATE INDEX quarantine_peer ON quarantine (peer, first_at);

CREATE TABLE pending_part (
    raw_id bigint PRIMARY KEY,
    station_id integer NOT NULL,
    stream_id integer NOT NULL,
    cn text NOT NULL,
    qn text NOT NULL,
    pnum integer NOT NULL,
    pno integer NOT NULL,
    start timestamptz,
    readings jsonb,
    received_at timestamptz NOT NULL,
    run_id integer NOT NULL,
    outcome text NOT NULL,
    reason text,
    settled_at timestamptz
);
CREATE INDEX pending_part_group ON pending_part (station_id, stream_id, received_at);
CREATE INDEX pending_part_open ON pending_part (received_at) WHERE outcome = 'pending_part';

CREATE TABLE dirty (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id integer NOT NULL,
    st text NOT NULL,
    kind text NOT NULL,
    interval_s integer NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    cause text NOT NULL CHECK (cause IN ('new', 'late', 'revised')),
    made_at timestamptz NOT NULL
);

CREATE TABLE gateway_session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id integer NOT NULL,
    station_id integer NOT NULL,
    mn text NOT NULL,
    peer text NOT NULL,
    opened_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    closed_at timestamptz,
    reason text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX gateway_session_holder ON gateway_session (station_id) WHERE closed_at IS NULL;
CREATE INDEX gateway_session_station ON gateway_session (station_id, opened_at);
CREATE INDEX gateway_session_run ON gateway_session (run_id) WHERE closed_at IS NULL;

CREATE TABLE command (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id integer NOT NULL,
    cn text NOT NULL,
    params jsonb NOT NULL,
    asked_by integer NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sent', 'accepted', 'refused', 'done', 'failed', 'timed_out')),
    changed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    session_id bigint,
    qn text NOT NULL DEFAULT '',
    qn_rtn text NOT NULL DEFAULT '',
    exe_rtn text NOT NULL DEFAULT '',
    frames integer NOT NULL DEFAULT 0
);
CREATE INDEX command_queue ON command (station_id, id) WHERE state = 'queued';
CREATE INDEX command_open ON command (state, changed_at) WHERE state IN ('queued', 'sent', 'accepted');
CREATE INDEX command_station ON command (station_id, asked_at);

CREATE TABLE command_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id bigint NOT NULL REFERENCES command (id),
    at timestamptz NOT NULL,
    state text NOT NULL,
    note text NOT NULL
);
CREATE INDEX command_event_command ON command_event (command_id, id);

CREATE TABLE seal (
    station_id integer NOT NULL,
    link integer NOT NULL,
    day date NOT NULL,
    seq integer NOT NULL,
    frames bigint NOT NULL,
    extra bigint[],
    prev bytea NOT NULL,
    head bytea NOT NULL,
    snapshot text NOT NULL,
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (station_id, link),
    UNIQUE (station_id, day, seq)
);
CREATE INDEX seal_day ON seal (day);

CREATE TABLE rekey (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id integer NOT NULL,
    kind text NOT NULL,
    shift_s integer NOT NULL,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    frames bigint NOT NULL,
    asked_by integer NOT NULL,
    reason text NOT NULL,
    made_at timestamptz NOT NULL
);
