-- Signs of life, and what is given back.

-- Enters a worker, or enters it again.
CREATE FUNCTION {schema}.join_worker(p_worker uuid, p_routes bigint[], p_lease bigint) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    t bigint := {schema}.clock();
BEGIN
    PERFORM {schema}.durably();
    INSERT INTO {schema}.worker AS w (id, routes, lease, seen_at, suspect_at)
    VALUES (p_worker, p_routes, p_lease, t, t + p_lease)
    ON CONFLICT (id) DO UPDATE SET routes = p_routes, lease = p_lease, seen_at = t,
        suspect_at = least(w.suspect_at, t + p_lease), gone = false;
END $$;

-- Removes a worker; one that still holds jobs stays as long as it does, so that their leases can run out.
CREATE FUNCTION {schema}.forget_worker(p_worker uuid, t bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM {schema}.job j WHERE j.worker = p_worker AND j.state = 2) THEN
        UPDATE {schema}.worker w SET gone = true, suspect_at = least(w.suspect_at, t) WHERE w.id = p_worker;
    ELSE
        DELETE FROM {schema}.worker w WHERE w.id = p_worker;
    END IF;
END $$;

-- Renews the leases of a worker, takes back those of others that have run out, and tells the worker what it must know.
--
-- A renewal writes one row, however many jobs the worker holds: the lease of a job that was claimed before the last
-- renewal is that of the worker.
CREATE FUNCTION {schema}.beat(
    p_worker uuid, p_renew boolean, p_max_lost bigint,
    OUT h_process bigint[], OUT h_node bigint[], OUT h_attempt bigint[], OUT h_nonce integer[],
    OUT s_process bigint[], OUT s_cancelled boolean[],
    OUT x_process bigint[], OUT x_node bigint[], OUT x_attempt bigint[], OUT x_nonce integer[],
    OUT reaped bigint, OUT overdue bigint[], OUT paused text[]
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    t bigint;
    v_process bigint[];
    v_node bigint[];
    v_expired boolean[];
BEGIN
    PERFORM {schema}.durably();
    t := {schema}.clock();
    UPDATE {schema}.worker w SET seen_at = t,
        renewed_at = CASE WHEN p_renew THEN t ELSE w.renewed_at END,
        renewed_until = CASE WHEN p_renew THEN t + w.lease ELSE w.renewed_until END,
        suspect_at = CASE WHEN p_renew THEN t + w.lease ELSE w.suspect_at END
    WHERE w.id = p_worker AND NOT w.gone;

    reaped := 0;
    SELECT array_agg(process), array_agg(node) INTO v_process, v_node
    FROM (SELECT j.process, j.node FROM {schema}.worker w JOIN {schema}.job j ON j.worker = w.id
        WHERE w.suspect_at <= t AND j.state = 2
            AND CASE WHEN w.renewed_at >= j.claimed_at THEN w.renewed_until ELSE j.lease_until END <= t
        LIMIT 100) s;
    IF v_process IS NOT NULL THEN
        -- Where somebody revises the process just now, the next sign of life sees to it.
        SELECT array_agg(process), array_agg(node) INTO v_process, v_node
        FROM unnest(v_process, v_node) AS v(process, node)
        WHERE pg_try_advisory_xact_lock_shared({process_class}, (process & 1023)::integer);
        -- The condition holds when the rows are locked, too: of a worker that renews in between nothing is taken (`R8`).
        WITH expired AS (
            SELECT j.process, j.node, j.attempt, j.nonce, p.paused,
                coalesce(p.phase = 0 AND j.lost + 1 < p_max_lost, false) AS again
            FROM unnest(v_process, v_node) AS v(process, node)
            JOIN {schema}.job j ON j.process = v.process AND j.node = v.node
            JOIN {schema}.worker w ON w.id = j.worker
            LEFT JOIN {schema}.process p ON p.key = j.process
            WHERE j.state = 2
                AND CASE WHEN w.renewed_at >= j.claimed_at THEN w.renewed_until ELSE j.lease_until END <= t
            FOR UPDATE OF j SKIP LOCKED
            FOR SHARE OF w SKIP LOCKED
        ), back AS (
            UPDATE {schema}.job j SET state = CASE WHEN e.paused THEN 8 ELSE 1 END, lost = j.lost + 1, ready_at = t,
                worker = NULL, lease_until = NULL
            FROM expired e WHERE e.again AND j.process = e.process AND j.node = e.node
            RETURNING 1
        )
        SELECT b.count, x.process, x.node, x.attempt, x.nonce
        INTO reaped, x_process, x_node, x_attempt, x_nonce
        FROM (SELECT count(*) FROM back) b,
            (SELECT array_agg(process) AS process, array_agg(node) AS node, array_agg(attempt) AS attempt,
                array_agg(nonce) AS nonce FROM expired WHERE NOT again) x;
    END IF;

    SELECT array_agg(j.process), array_agg(j.node), array_agg(j.attempt), array_agg(j.nonce)
    INTO h_process, h_node, h_attempt, h_nonce
    FROM {schema}.job j WHERE j.worker = p_worker AND j.state = 2;

    SELECT array_agg(p.key), array_agg(coalesce(p.outcome = 3, false)) INTO s_process, s_cancelled
    FROM (SELECT DISTINCT key FROM unnest(h_process) key) h JOIN {schema}.process p ON p.key = h.key
    WHERE p.phase = 2;

    SELECT array_agg(key) INTO overdue
    FROM (SELECT p.key FROM {schema}.process p
        WHERE p.outcome IS NULL AND p.deadline_at IS NOT NULL AND p.deadline_at <= t
        ORDER BY p.deadline_at LIMIT 100) o;

    SELECT array_agg(q.queue::text) INTO paused FROM {schema}.paused_queue q;
END $$;

-- Gives jobs back; without `p_process` all of the worker, which is forgotten. The answer is what has to be revised.
CREATE FUNCTION {schema}.give_back(
    p_worker uuid, p_process bigint[], p_node bigint[], p_attempt bigint[], p_nonce integer[],
    OUT x_process bigint[], OUT x_node bigint[], OUT x_attempt bigint[], OUT x_nonce integer[]
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    t bigint;
    leaves boolean := p_process IS NULL;
BEGIN
    PERFORM {schema}.durably();
    IF leaves THEN
        -- Nobody claims for this worker while it leaves, nor afterwards (`R18`).
        PERFORM pg_advisory_xact_lock({worker_class}, uuid_hash(p_worker));
        SELECT coalesce(array_agg(process), '{}'), coalesce(array_agg(node), '{}'), coalesce(array_agg(attempt), '{}'),
            coalesce(array_agg(nonce), '{}')
        INTO p_process, p_node, p_attempt, p_nonce
        FROM (SELECT j.process, j.node, j.attempt, j.nonce FROM {schema}.job j
            WHERE j.worker = p_worker AND j.state = 2 ORDER BY j.process, j.node) h;
    END IF;
    PERFORM pg_advisory_xact_lock_shared({process_class}, k)
    FROM (SELECT DISTINCT (key & 1023)::integer AS k FROM unnest(p_process) key ORDER BY k) s;
    t := {schema}.clock();
    WITH back AS (
        UPDATE {schema}.job j SET state = CASE WHEN p.paused THEN 8 ELSE 1 END, nonce = 0, ready_at = t,
            worker = NULL, lease_until = NULL
        FROM unnest(p_process, p_node, p_attempt, p_nonce) AS f(process, node, attempt, nonce)
        JOIN {schema}.process p ON p.key = f.process
        WHERE j.process = f.process AND j.node = f.node AND j.attempt = f.attempt AND j.nonce = f.nonce
            AND j.state = 2 AND j.worker = p_worker AND p.phase = 0
        RETURNING 1
    )
    SELECT array_agg(j.process), array_agg(j.node), array_agg(j.attempt), array_agg(j.nonce)
    INTO x_process, x_node, x_attempt, x_nonce
    FROM unnest(p_process, p_node, p_attempt, p_nonce) AS f(process, node, attempt, nonce)
    JOIN {schema}.job j ON j.process = f.process AND j.node = f.node AND j.attempt = f.attempt AND j.nonce = f.nonce
    JOIN {schema}.process p ON p.key = f.process
    WHERE j.state = 2 AND j.worker = p_worker AND p.phase <> 0;
    IF leaves THEN
        PERFORM {schema}.forget_worker(p_worker, t);
    END IF;
END $$;
