-- Changes of one process as a whole. The caller holds its exclusive lock: see `lock_process`.

-- Takes the lock of a process, and holds its unfinished jobs, so that nobody claims one of them in the meantime.
CREATE FUNCTION {schema}.begin_revision(p_key bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
BEGIN
    PERFORM {schema}.lock_process(p_key);
    PERFORM FROM (SELECT FROM {schema}.job j WHERE j.process = p_key AND j.state IN (0, 1, 2, 3, 8)
        ORDER BY j.process, j.node FOR UPDATE) held;
END $$;

-- Stores what becomes of a process.
CREATE FUNCTION {schema}.store_revision(
    p_key bigint, p_changes boolean, p_phase smallint, p_outcome smallint, p_memo bytea, p_deadline bigint,
    j_node bigint[], j_route bigint[], j_state smallint[], j_due bigint[], j_attempt bigint[], j_nonce integer[],
    j_failed bigint[], j_lost bigint[], j_undecoded bigint[], j_event bytea[], j_error bytea[],
    m_node bigint[], m_remaining bigint[]
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    t bigint := {schema}.clock();
    v_paused boolean;
    v_priority smallint;
BEGIN
    IF p_changes THEN
        UPDATE {schema}.process p SET phase = p_phase, outcome = p_outcome, memo = p_memo,
            ended_at = CASE WHEN p_phase = 3 THEN t END, deadline_at = coalesce(t + p_deadline, p.deadline_at)
        WHERE p.key = p_key;
    END IF;
    SELECT p.paused, p.priority INTO v_paused, v_priority FROM {schema}.process p WHERE p.key = p_key;

    INSERT INTO {schema}.job AS j
        (process, node, route, state, priority, attempt, nonce, failed, lost, undecoded, event, error,
            ready_at, due_at, ended_at)
    SELECT p_key, u.node, u.route, CASE WHEN u.state = 1 AND v_paused THEN 8 ELSE u.state END, v_priority,
        u.attempt, u.nonce, u.failed, u.lost, u.undecoded, u.event, u.error,
        t, CASE WHEN u.state = 3 THEN t + coalesce(u.due, 0) END, CASE WHEN u.state BETWEEN 4 AND 7 THEN t END
    FROM unnest(j_node, j_route, j_state, j_due, j_attempt, j_nonce, j_failed, j_lost, j_undecoded, j_event, j_error)
        AS u(node, route, state, due, attempt, nonce, failed, lost, undecoded, event, error)
    ON CONFLICT (process, node) DO UPDATE SET
        route = excluded.route, state = excluded.state, attempt = excluded.attempt, nonce = excluded.nonce,
        failed = excluded.failed, lost = excluded.lost, undecoded = excluded.undecoded, event = excluded.event,
        error = excluded.error, due_at = excluded.due_at,
        ready_at = CASE WHEN j.state IN (1, 8) THEN j.ready_at ELSE excluded.ready_at END,
        ended_at = CASE WHEN j.state BETWEEN 4 AND 7 AND excluded.ended_at IS NOT NULL THEN j.ended_at
            ELSE excluded.ended_at END,
        worker = CASE WHEN excluded.state = 2 THEN j.worker END,
        lease_until = CASE WHEN excluded.state = 2 THEN j.lease_until END;

    INSERT INTO {schema}.meeting AS m (process, node, remaining)
    SELECT p_key, u.node, u.remaining FROM unnest(m_node, m_remaining) AS u(node, remaining)
    ON CONFLICT (process, node) DO UPDATE SET remaining = excluded.remaining;
END $$;
