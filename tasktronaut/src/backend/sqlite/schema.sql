-- Version 1. Times are milliseconds since 1970. A process without a row here does not exist, whatever else is left.
CREATE TABLE process (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again
    identifier TEXT    NOT NULL UNIQUE,
    definition TEXT    NOT NULL,
    phase      INTEGER NOT NULL DEFAULT 0,
    outcome    INTEGER,
    paused     INTEGER NOT NULL DEFAULT 0,
    rank       INTEGER NOT NULL,                   -- the priority, negated: lower goes first
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    deadline   INTEGER,
    memo       BLOB    NOT NULL DEFAULT x''
) STRICT;

CREATE INDEX process_deadline ON process (deadline) WHERE deadline IS NOT NULL AND outcome IS NULL;
CREATE INDEX process_ended ON process (outcome, ended_at) WHERE ended_at IS NOT NULL;

-- Apart from the processes, whose rows stay small so that they are read fast.
CREATE TABLE plan (
    process INTEGER PRIMARY KEY,
    plan    BLOB NOT NULL
) STRICT;

-- The jobs of a process lie side by side. States: 0 blocked, 1 ready, 2 running, 3 waiting, 4 succeeded, 5 failed,
-- 6 cancelled, 7 skipped, 8 ready but held, because the process is paused.
CREATE TABLE job (
    process    INTEGER NOT NULL,
    node       INTEGER NOT NULL,
    route      INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    rank       INTEGER NOT NULL,                   -- that of the process
    ready_at   INTEGER NOT NULL,
    attempt    INTEGER NOT NULL DEFAULT 0,
    nonce      INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    lost       INTEGER NOT NULL DEFAULT 0,
    undecoded  INTEGER NOT NULL DEFAULT 0,
    worker     BLOB,
    lease      INTEGER,
    claimed_at INTEGER,
    due        INTEGER,
    ended_at   INTEGER,
    event      BLOB,
    error      BLOB,
    PRIMARY KEY (process, node)
) STRICT, WITHOUT ROWID;

-- What can be claimed, route by route, in the order of the claims.
CREATE INDEX job_ready ON job (route, rank, ready_at) WHERE state = 1;
-- What is running, in the order in which the leases run out.
CREATE INDEX job_lease ON job (lease, worker) WHERE state = 2;
CREATE INDEX job_due ON job (due) WHERE state = 3;

-- Where nodes meet: how many are still awaited, and what the last of them lets go.
CREATE TABLE meeting (
    process   INTEGER NOT NULL,
    node      INTEGER NOT NULL,
    waits_for INTEGER NOT NULL,
    lets_go   BLOB    NOT NULL,
    PRIMARY KEY (process, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE worker (
    id      BLOB PRIMARY KEY,
    version INTEGER NOT NULL,                      -- another one whenever it joins: routes are kept in memory
    lease   INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    routes  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE paused_queue (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The greatest time that was ever given out.
CREATE TABLE clock (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    now  INTEGER NOT NULL
) STRICT;

INSERT INTO clock VALUES (0, 0);
