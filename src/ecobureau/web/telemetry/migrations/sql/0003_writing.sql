-- What a run of the gateway tells of itself: the newest fault of the program or the schema it met.

ALTER TABLE gateway_run ADD COLUMN fault text NOT NULL DEFAULT '', ADD COLUMN fault_at timestamptz;

-- The newest batch of a run, in the transaction of the batch itself: a writer that lost its connection at COMMIT learns
-- from it whether that batch is in.
CREATE TABLE gateway_batch (
    run_id integer PRIMARY KEY,
    batch bigint NOT NULL,
    outcomes bytea NOT NULL
) WITH (fillfactor = 10);

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'ecobureau_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON gateway_batch TO ecobureau_app;
    END IF;
END $$;
