DROP VIEW IF EXISTS latest;
DROP TABLE IF EXISTS rekey, seal, command_event, command, gateway_session, dirty, pending_part, quarantine, parameter,
    device_event, revision, frame_source, rollup_day, rollup_hour, latest_rest, stream_state, frame_period, frame_rt, raw_frame,
    frame_counter, gateway_received, gateway_run, layout_factor, layout, stream CASCADE;
DROP SEQUENCE IF EXISTS raw_frame_id_seq;
