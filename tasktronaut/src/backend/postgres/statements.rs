//! The statements, for one schema.

use super::row::{JOB, PROCESS};

/// What is sent as a notification when jobs may be ready.
pub(super) const READY: &str = "r";

/// All statements that the store sends, with the name of its schema in them. Data goes in as parameters only.
pub(super) struct Statements {
    pub(super) enqueue: String,
    pub(super) enqueue_in: String,
    pub(super) exchange: String,
    pub(super) begin_revision: String,
    pub(super) store_revision: String,
    pub(super) join: String,
    pub(super) beat: String,
    pub(super) give_back: String,
    pub(super) plans: String,
    pub(super) process: String,
    pub(super) find: String,
    pub(super) jobs: String,
    pub(super) open_jobs: String,
    pub(super) meetings: String,
    pub(super) list: String,
    pub(super) strays: String,
    pub(super) pause_process: String,
    pub(super) paused_queues: String,
    pub(super) pause_queue: String,
    pub(super) resume_queue: String,
    pub(super) delete: String,
    pub(super) sweep: String,
    pub(super) notify: String,
    pub(super) listen: String,
}

impl Statements {
    pub(super) fn of(schema: &str) -> Self {
        let channel = format!("{schema}_wake");
        let function = |name: &str, parameters: usize| {
            let places: Vec<String> = (1..=parameters).map(|place| format!("${place}")).collect();
            format!("SELECT * FROM {schema}.{name}({})", places.join(", "))
        };
        Self {
            // Only the server knows when somebody else's transaction is committed, so it has to tell the workers.
            enqueue_in: format!(
                "SELECT e.keys, e.created, \
                 CASE WHEN true = ANY (e.created) THEN pg_notify('{channel}', '{READY}') END FROM ({}) e",
                function("enqueue", 16)
            ),
            enqueue: function("enqueue", 16),
            exchange: function("exchange", 18),
            begin_revision: function("begin_revision", 1),
            store_revision: function("store_revision", 19),
            join: function("join_worker", 3),
            beat: function("beat", 3),
            give_back: function("give_back", 5),
            plans: format!(
                "SELECT p.identifier, p.plan FROM unnest($1) WITH ORDINALITY k(key, o) \
                 LEFT JOIN {schema}.process p ON p.key = k.key ORDER BY k.o"
            ),
            process: format!("SELECT {PROCESS} FROM {schema}.process p WHERE p.key = $1"),
            find: format!("SELECT {PROCESS} FROM {schema}.process p WHERE p.identifier = $1"),
            jobs: format!("SELECT {JOB} FROM {schema}.job j WHERE j.process = $1 ORDER BY j.node"),
            open_jobs: format!(
                "SELECT {JOB} FROM {schema}.job j WHERE j.process = $1 AND j.state NOT IN (4, 7) ORDER BY j.node"
            ),
            meetings: format!(
                "SELECT array_agg(m.node ORDER BY m.node), array_agg(m.remaining ORDER BY m.node) \
                 FROM {schema}.meeting m WHERE m.process = $1"
            ),
            list: format!(
                "SELECT {PROCESS} FROM {schema}.process p WHERE p.key > $4 \
                 AND ($1 IS NULL OR p.definition = $1) AND ($2 IS NULL OR coalesce(p.outcome, 0) = $2) \
                 AND ($3 IS NULL OR starts_with(p.identifier, $3)) ORDER BY p.key LIMIT $5"
            ),
            strays: function("strays", 0),
            pause_process: function("pause_process", 2),
            paused_queues: format!("SELECT queue::text FROM {schema}.paused_queue"),
            pause_queue: format!("INSERT INTO {schema}.paused_queue VALUES ($1) ON CONFLICT DO NOTHING"),
            resume_queue: format!("DELETE FROM {schema}.paused_queue WHERE queue = $1"),
            delete: function("delete_process", 2),
            sweep: function("sweep", 3),
            // A notification is a hint (`R22`): nobody waits for the disk because of it.
            notify: format!(
                "SELECT pg_notify('{channel}', word) \
                 FROM (SELECT set_config('synchronous_commit', 'off', true)) s, unnest($1) word"
            ),
            listen: format!("LISTEN {channel}"),
        }
    }
}
