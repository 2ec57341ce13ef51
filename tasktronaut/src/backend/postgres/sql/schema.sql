-- The tables of version 1. Times are microseconds since 1970, by this server's clock. Numbers of 32 bits without a sign
-- are kept in 64; a negative one makes no sense.

CREATE TABLE {schema}.version (
    number integer NOT NULL
);
INSERT INTO {schema}.version VALUES (1);

CREATE SEQUENCE {schema}.process_key;

CREATE TABLE {schema}.process (
    key bigint PRIMARY KEY,
    identifier text COLLATE "C" NOT NULL UNIQUE,
    definition text COLLATE "C" NOT NULL,
    plan bytea NOT NULL,
    memo bytea NOT NULL DEFAULT '',
    priority smallint NOT NULL,
    -- 0 flowing, 1 careful, 2 stopping, 3 ended
    phase smallint NOT NULL DEFAULT 0,
    -- 1 completed, 2 failed, 3 cancelled
    outcome smallint,
    paused boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    ended_at bigint,
    deadline_at bigint
) WITH (fillfactor = 85);
CREATE INDEX process_deadline ON {schema}.process (deadline_at) WHERE outcome IS NULL AND deadline_at IS NOT NULL;
CREATE INDEX process_ended ON {schema}.process (ended_at) WHERE phase = 3;

-- A job has a row from when it is ready for the first time. Rows change often and live shortly, so there is room on each
-- page, and dead versions are cleared away soon: whoever looks for the first ready job walks over them.
CREATE TABLE {schema}.job (
    process bigint NOT NULL,
    node bigint NOT NULL,
    route bigint NOT NULL,
    attempt bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    lost bigint NOT NULL DEFAULT 0,
    undecoded bigint NOT NULL DEFAULT 0,
    ready_at bigint,
    due_at bigint,
    claimed_at bigint,
    lease_until bigint,
    ended_at bigint,
    worker uuid,
    -- 32 random bits, read without a sign; zero for none
    nonce integer NOT NULL DEFAULT 0,
    -- 0 blocked, 1 ready, 2 running, 3 waiting, 4 succeeded, 5 failed, 6 cancelled, 7 skipped, 8 ready but held
    state smallint NOT NULL,
    priority smallint NOT NULL,
    event bytea,
    error bytea,
    PRIMARY KEY (process, node)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.1,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX job_ready ON {schema}.job (route, priority DESC, ready_at) WHERE state = 1;
CREATE INDEX job_waiting ON {schema}.job (due_at) WHERE state = 3;
CREATE INDEX job_running ON {schema}.job (worker) WHERE state = 2;

-- A meeting that has come to zero keeps its row, and says zero.
CREATE TABLE {schema}.meeting (
    process bigint NOT NULL,
    node bigint NOT NULL,
    remaining bigint NOT NULL,
    release_nodes bigint[] NOT NULL DEFAULT '{}',
    release_routes bigint[] NOT NULL DEFAULT '{}',
    release_concludes boolean[] NOT NULL DEFAULT '{}',
    meetings bigint[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (process, node)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- `renewed_at` and `renewed_until`: the last renewal covers every job that was claimed before it. No lease of the worker
-- runs out before `suspect_at`.
CREATE TABLE {schema}.worker (
    id uuid PRIMARY KEY,
    routes bigint[] NOT NULL,
    lease bigint NOT NULL,
    seen_at bigint NOT NULL,
    renewed_at bigint NOT NULL DEFAULT 0,
    renewed_until bigint NOT NULL DEFAULT 0,
    suspect_at bigint NOT NULL,
    -- It has left, or was not seen for an hour, and still holds jobs that have to be revised.
    gone boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

CREATE TABLE {schema}.paused_queue (
    queue text COLLATE "C" PRIMARY KEY
);
