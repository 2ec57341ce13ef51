-- Records ends of attempts and claims jobs: one call, one commit.
--
-- Locks are taken in one order everywhere, so that nobody waits in a circle: the worker, the processes (ascending), the
-- rows of jobs (ascending), those of meetings (ascending). What is promoted or claimed is passed over where somebody
-- else holds it, so nobody waits for that. The ends are sorted by process and node.
--
-- `recorded`: 0 done, 1 lost, 2 to be revised.
CREATE FUNCTION {schema}.exchange(
    p_worker uuid, p_wanted integer,
    e_process bigint[], e_node bigint[], e_attempt bigint[], e_nonce integer[], e_how smallint[], e_pause bigint[],
    e_error bytea[], e_last boolean[],
    r_end integer[], r_process bigint[], r_node bigint[], r_route bigint[], r_concludes boolean[],
    m_end integer[], m_process bigint[], m_node bigint[],
    OUT recorded smallint[], OUT ended bigint[], OUT unknown boolean, OUT more boolean, OUT next_due bigint,
    OUT c_process bigint[], OUT c_node bigint[], OUT c_attempt bigint[], OUT c_nonce integer[],
    OUT c_failed bigint[], OUT c_undecoded bigint[], OUT c_event bytea[], OUT left_ready boolean
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    t bigint;
    done integer[] := '{}';
    all_done boolean := true;
    -- Meetings that count down now, and how far.
    d_process bigint[];
    d_node bigint[];
    d_count bigint[];
    -- What the meetings that came to zero let go.
    z_process bigint[];
    z_node bigint[];
    z_route bigint[];
    z_concludes boolean[];
    y_process bigint[] := '{}';
    y_node bigint[] := '{}';
    y_route bigint[] := '{}';
    y_concludes boolean[] := '{}';
    v_left bigint;
    -- What is taken from each route.
    w_routes bigint[];
    w_lease bigint;
    q_route bigint[];
    q_count bigint[];
    -- Which releases are claimed at once.
    taken boolean[] := '{}';
    v_priority smallint;
BEGIN
    PERFORM {schema}.durably();
    unknown := false;
    more := false;
    left_ready := false;
    ended := '{}';
    recorded := '{}';

    IF p_wanted > 0 THEN
        PERFORM pg_advisory_xact_lock_shared({worker_class}, uuid_hash(p_worker));
    END IF;

    -- A step of a chain: one success that lets go one job, while the worker has nothing else to do. It comes to the same
    -- as everything below, in three short statements: what costs most down there is to begin the large ones.
    IF p_wanted > 0 AND cardinality(e_process) = 1 AND cardinality(r_process) = 1 AND cardinality(m_process) = 0
        AND e_how[1] = 0 AND e_error[1] IS NULL AND e_nonce[1] <> 0 AND NOT e_last[1] AND NOT r_concludes[1]
    THEN
        PERFORM pg_advisory_xact_lock_shared({process_class}, {schema}.slot(e_process[1]));
        t := {schema}.clock();
        SELECT w.lease, p.priority, (SELECT j.due_at FROM {schema}.job j WHERE j.state = 3 ORDER BY j.due_at LIMIT 1)
        INTO w_lease, v_priority, next_due
        FROM {schema}.process p, {schema}.worker w
        WHERE p.key = e_process[1] AND p.phase = 0 AND NOT p.paused
            AND w.id = p_worker AND NOT w.gone AND r_route[1] = ANY (w.routes)
            -- Route by route, so that the ready jobs of others are not read through.
            AND NOT EXISTS (SELECT FROM unnest(w.routes) x(route) CROSS JOIN LATERAL (
                SELECT FROM {schema}.job j WHERE j.state = 1 AND j.route = x.route LIMIT 1) h);
        IF FOUND AND (next_due IS NULL OR next_due > t) THEN
            UPDATE {schema}.job j SET state = 4, due_at = NULL, ended_at = t, worker = NULL, lease_until = NULL
            WHERE j.process = e_process[1] AND j.node = e_node[1] AND j.attempt = e_attempt[1] AND j.nonce = e_nonce[1]
                AND j.state IN (1, 2, 8);
            IF FOUND THEN
                next_due := next_due - t;
                recorded := '{0}';
                INSERT INTO {schema}.job AS j
                    (process, node, route, state, priority, ready_at, attempt, nonce, claimed_at, lease_until, worker)
                VALUES (r_process[1], r_node[1], r_route[1], 2, v_priority, t,
                    1, floor(random() * 2147483647)::integer + 1, t, t + w_lease, p_worker)
                ON CONFLICT (process, node) DO UPDATE SET
                    route = excluded.route, state = excluded.state, priority = excluded.priority,
                    ready_at = excluded.ready_at, attempt = j.attempt + 1, nonce = excluded.nonce,
                    claimed_at = excluded.claimed_at, lease_until = excluded.lease_until,
                    worker = excluded.worker, due_at = NULL, ended_at = NULL
                WHERE j.state = 0
                RETURNING ARRAY[j.process], ARRAY[j.node], ARRAY[j.attempt], ARRAY[j.nonce], ARRAY[j.failed],
                    ARRAY[j.undecoded], ARRAY[j.event]
                INTO c_process, c_node, c_attempt, c_nonce, c_failed, c_undecoded, c_event;
                RETURN;
            END IF;
        END IF;
        next_due := NULL;
    END IF;

    IF cardinality(e_process) > 0 THEN
        PERFORM pg_advisory_xact_lock_shared({process_class}, k)
        FROM (SELECT DISTINCT (key & 1023)::integer AS k FROM unnest(e_process) key ORDER BY k) s;
        t := {schema}.clock();

        WITH changed AS (
            UPDATE {schema}.job j SET
                state = CASE e.how WHEN 0 THEN 4 WHEN 1 THEN 5 ELSE 3 END,
                failed = j.failed + (e.how IN (1, 2))::integer,
                undecoded = j.undecoded + (e.how = 3)::integer,
                error = coalesce(e.error, j.error),
                due_at = CASE WHEN e.how >= 2 THEN t + e.pause END,
                ended_at = CASE WHEN e.how < 2 THEN t END,
                worker = NULL,
                lease_until = NULL
            FROM unnest(e_process, e_node, e_attempt, e_nonce, e_how, e_pause, e_error) WITH ORDINALITY
                AS e(process, node, attempt, nonce, how, pause, error, o)
            JOIN {schema}.process p ON p.key = e.process
            WHERE j.process = e.process AND j.node = e.node AND j.attempt = e.attempt AND j.nonce = e.nonce
                AND j.nonce <> 0 AND j.state IN (1, 2, 8) AND p.phase = 0
            RETURNING e.o
        )
        SELECT coalesce(array_agg(o::integer), '{}') INTO done FROM changed;
        all_done := cardinality(done) = cardinality(e_process);
        recorded := array_fill(0::smallint, ARRAY[cardinality(e_process)]);

        IF NOT all_done THEN
            -- Those that were not changed: the fence does not hold, or the process does not flow.
            SELECT array_agg(
                CASE WHEN e.o = ANY (done) THEN 0
                    -- It is recorded already, and only the answer was lost.
                    WHEN e.nonce <> 0 AND EXISTS (
                        SELECT FROM {schema}.job j
                        WHERE j.process = e.process AND j.node = e.node AND j.attempt = e.attempt
                            AND j.nonce = e.nonce AND j.state = CASE e.how WHEN 0 THEN 4 WHEN 1 THEN 5 ELSE 3 END
                    ) THEN 0
                    WHEN p.phase <> 0 AND e.nonce <> 0 AND EXISTS (
                        SELECT FROM {schema}.job j
                        WHERE j.process = e.process AND j.node = e.node AND j.attempt = e.attempt
                            AND j.nonce = e.nonce AND j.state IN (1, 2, 8)
                    ) THEN 2
                    ELSE 1 END ORDER BY e.o)
            INTO recorded
            FROM unnest(e_process, e_node, e_attempt, e_nonce, e_how) WITH ORDINALITY
                AS e(process, node, attempt, nonce, how, o)
            LEFT JOIN {schema}.process p ON p.key = e.process;

            SELECT coalesce(array_agg(r.process), '{}'), coalesce(array_agg(r.node), '{}'),
                coalesce(array_agg(r.route), '{}'), coalesce(array_agg(r.concludes), '{}')
            INTO r_process, r_node, r_route, r_concludes
            FROM unnest(r_end, r_process, r_node, r_route, r_concludes) AS r(e, process, node, route, concludes)
            WHERE r.e = ANY (done);

            SELECT coalesce(array_agg(m.process), '{}'), coalesce(array_agg(m.node), '{}')
            INTO m_process, m_node
            FROM unnest(m_end, m_process, m_node) AS m(e, process, node)
            WHERE m.e = ANY (done);
        END IF;
    END IF;

    t := {schema}.clock();

    IF p_wanted > 0 THEN
        SELECT w.routes, w.lease INTO w_routes, w_lease FROM {schema}.worker w WHERE w.id = p_worker AND NOT w.gone;
        unknown := NOT FOUND;
    END IF;

    SELECT j.due_at INTO next_due FROM {schema}.job j WHERE j.state = 3 ORDER BY j.due_at LIMIT 1;
    IF p_wanted > 0 AND next_due <= t THEN
        -- First the rows are locked, and then a second statement looks whether the process is paused: who pauses it
        -- in the meantime waits for these rows, and finds them ready.
        SELECT array_agg(process), array_agg(node) INTO d_process, d_node
        FROM (SELECT j.process, j.node FROM {schema}.job j WHERE j.state = 3 AND j.due_at <= t
            ORDER BY j.due_at LIMIT 1000 FOR UPDATE SKIP LOCKED) w;
        UPDATE {schema}.job j SET
            state = CASE WHEN (SELECT p.paused FROM {schema}.process p WHERE p.key = j.process) THEN 8 ELSE 1 END,
            -- No fence holds any more: an end that is sent again must not count again.
            nonce = 0,
            ready_at = j.due_at,
            due_at = NULL
        FROM unnest(d_process, d_node) AS d(process, node)
        WHERE j.process = d.process AND j.node = d.node;
        SELECT j.due_at INTO next_due FROM {schema}.job j WHERE j.state = 3 ORDER BY j.due_at LIMIT 1;
    END IF;
    next_due := CASE WHEN next_due > t THEN next_due - t WHEN next_due IS NOT NULL THEN 0 END;

    IF p_wanted > 0 AND NOT unknown THEN
        -- Which jobs are first, over all routes and over what is released just now; nothing is locked yet. A release
        -- that is among them is claimed before it is stored.
        WITH ranked AS (
            SELECT c.route, c.o, c.fits, c.fits AND row_number() OVER (
                ORDER BY c.fits DESC, c.priority DESC, c.ready_at) <= p_wanted AS chosen
            FROM (
                SELECT h.*, NULL::bigint AS o, true AS fits FROM unnest(w_routes) w(route)
                CROSS JOIN LATERAL (
                    SELECT j.route, j.priority, j.ready_at FROM {schema}.job j
                    -- What makes no sense takes no other's place.
                    WHERE j.state = 1 AND j.route = w.route AND j.process >= 0 AND j.node >= 0
                        AND j.attempt BETWEEN 0 AND 4294967294
                        AND j.failed >= 0 AND j.lost >= 0 AND j.undecoded >= 0
                    ORDER BY j.priority DESC, j.ready_at
                    LIMIT p_wanted + 1
                ) h
                UNION ALL
                SELECT r.route, p.priority, t, r.o, NOT p.paused AND r.route = ANY (w_routes)
                FROM unnest(r_process, r_node, r_route) WITH ORDINALITY AS r(process, node, route, o)
                JOIN {schema}.process p ON p.key = r.process
            ) c
        )
        SELECT q.route, q.count, r.taken, a.more
        INTO q_route, q_count, taken, more
        FROM (SELECT array_agg(route) AS route, array_agg(count) AS count
                FROM (SELECT route, count(*) FROM ranked WHERE chosen AND o IS NULL GROUP BY route) f) q,
            (SELECT coalesce(array_agg(chosen ORDER BY o), '{}') AS taken FROM ranked WHERE o IS NOT NULL) r,
            (SELECT coalesce(bool_or(fits AND NOT chosen), false) AS more FROM ranked) a;

        IF q_route IS NOT NULL THEN
            -- A row that is locked stays in its place until it is updated.
            WITH picked AS (
                SELECT h.ctid FROM unnest(q_route, q_count) AS q(route, count)
                CROSS JOIN LATERAL (
                    -- What makes no sense stays where it is, and its neighbours go on.
                    SELECT j.ctid FROM {schema}.job j
                    WHERE j.state = 1 AND j.route = q.route AND j.process >= 0 AND j.node >= 0
                        AND j.attempt BETWEEN 0 AND 4294967294
                        AND j.failed >= 0 AND j.lost >= 0 AND j.undecoded >= 0
                    ORDER BY j.priority DESC, j.ready_at
                    LIMIT q.count
                    FOR UPDATE SKIP LOCKED
                ) h
            ), claimed AS (
                UPDATE {schema}.job j SET
                    state = 2,
                    attempt = j.attempt + 1,
                    nonce = floor(random() * 2147483647)::integer + 1,
                    claimed_at = t,
                    lease_until = t + w_lease,
                    worker = p_worker
                FROM picked k
                WHERE j.ctid = k.ctid
                RETURNING j.process, j.node, j.attempt, j.nonce, j.failed, j.undecoded, j.event, j.priority, j.ready_at
            )
            SELECT array_agg(process), array_agg(node), array_agg(attempt), array_agg(nonce), array_agg(failed),
                array_agg(undecoded), array_agg(event)
            INTO c_process, c_node, c_attempt, c_nonce, c_failed, c_undecoded, c_event
            FROM (SELECT * FROM claimed ORDER BY priority DESC, ready_at, process, node) c;
        END IF;
    END IF;

    -- Many that end at the same time meet in one row, and whoever holds it keeps the others waiting until the commit. So
    -- it comes after the claims; what the meetings let go is claimed if there is room left.
    IF cardinality(m_process) > 0 THEN
        SELECT array_agg(process), array_agg(node), array_agg(count) INTO d_process, d_node, d_count
        FROM (SELECT process, node, count(*) FROM unnest(m_process, m_node) AS m(process, node) GROUP BY 1, 2) d;

        -- All that may count down is locked beforehand, in order: those that are named, and those that they may
        -- let go of in turn.
        PERFORM FROM (
            WITH RECURSIVE reach(process, node) AS (
                SELECT * FROM unnest(d_process, d_node)
                UNION
                SELECT m.process, x FROM reach r
                JOIN {schema}.meeting m ON m.process = r.process AND m.node = r.node
                CROSS JOIN LATERAL unnest(m.meetings) x
            )
            SELECT FROM reach r JOIN {schema}.meeting m ON m.process = r.process AND m.node = r.node
            ORDER BY m.process, m.node
            FOR UPDATE OF m
        ) locked;

        WHILE d_process IS NOT NULL LOOP
            WITH gone AS (
                UPDATE {schema}.meeting m SET remaining = greatest(m.remaining - d.count, 0)
                FROM unnest(d_process, d_node, d_count) AS d(process, node, count)
                WHERE m.process = d.process AND m.node = d.node AND m.remaining > 0
                RETURNING m.process, m.remaining, m.release_nodes, m.release_routes, m.release_concludes, m.meetings
            ), released AS (
                SELECT g.process, z.* FROM gone g
                CROSS JOIN LATERAL unnest(g.release_nodes, g.release_routes, g.release_concludes)
                    AS z(node, route, concludes)
                WHERE g.remaining = 0
            ), next AS (
                SELECT g.process, x AS node, count(*) FROM gone g CROSS JOIN LATERAL unnest(g.meetings) x
                WHERE g.remaining = 0
                GROUP BY 1, 2
            )
            SELECT r.process, r.node, r.route, r.concludes, n.process, n.node, n.count
            INTO z_process, z_node, z_route, z_concludes, d_process, d_node, d_count
            FROM (SELECT array_agg(process) AS process, array_agg(node) AS node, array_agg(route) AS route,
                    array_agg(concludes) AS concludes FROM released) r,
                (SELECT array_agg(process) AS process, array_agg(node) AS node, array_agg(count) AS count
                    FROM next) n;
            y_process := y_process || z_process;
            y_node := y_node || z_node;
            y_route := y_route || z_route;
            y_concludes := y_concludes || z_concludes;
        END LOOP;

        IF cardinality(y_process) > 0 THEN
            IF cardinality(taken) < cardinality(r_process) THEN
                taken := array_fill(false, ARRAY[cardinality(r_process)]);
            END IF;
            v_left := p_wanted - coalesce(cardinality(c_process), 0) - cardinality(array_positions(taken, true));
            SELECT taken || array_agg(f.fits AND f.place <= v_left ORDER BY f.o),
                more OR bool_or(f.fits AND f.place > v_left)
            INTO taken, more
            FROM (
                SELECT y.o, y.fits, row_number() OVER (ORDER BY y.fits DESC, y.priority DESC, y.o) AS place
                FROM (
                    SELECT y.o, p.priority, coalesce(NOT p.paused AND y.route = ANY (w_routes), false) AS fits
                    FROM unnest(y_process, y_route) WITH ORDINALITY AS y(process, route, o)
                    JOIN {schema}.process p ON p.key = y.process
                ) y
            ) f;
            r_process := r_process || y_process;
            r_node := r_node || y_node;
            r_route := r_route || y_route;
            r_concludes := r_concludes || y_concludes;
        END IF;
    END IF;

    IF true = ANY (r_concludes) THEN
        UPDATE {schema}.process p SET outcome = 1
        FROM (SELECT DISTINCT process FROM unnest(r_process, r_concludes) AS r(process, concludes)
            WHERE concludes ORDER BY process) c
        WHERE p.key = c.process;
    END IF;

    IF true = ANY (e_last) THEN
        WITH over AS (
            UPDATE {schema}.process p SET phase = 3, ended_at = t
            FROM (SELECT DISTINCT e.process FROM unnest(e_process, e_last, e_how) WITH ORDINALITY
                    AS e(process, last, how, o)
                WHERE e.last AND e.o = ANY (done) AND e.how < 2 ORDER BY e.process) c
            WHERE p.key = c.process
            RETURNING p.key
        )
        SELECT coalesce(array_agg(key), '{}') INTO ended FROM over;
    END IF;

    IF cardinality(r_process) > 0 THEN
        WITH inserted AS (
            INSERT INTO {schema}.job AS j
                (process, node, route, state, priority, ready_at, attempt, nonce, claimed_at, lease_until, worker)
            SELECT r.process, r.node, r.route, CASE WHEN r.taken THEN 2 WHEN p.paused THEN 8 ELSE 1 END, p.priority, t,
                CASE WHEN r.taken THEN 1 ELSE 0 END,
                CASE WHEN r.taken THEN floor(random() * 2147483647)::integer + 1 ELSE 0 END,
                CASE WHEN r.taken THEN t END, CASE WHEN r.taken THEN t + w_lease END, CASE WHEN r.taken THEN p_worker END
            FROM unnest(r_process, r_node, r_route, taken) AS r(process, node, route, taken)
            JOIN {schema}.process p ON p.key = r.process
            -- One that was begun before its process went on after a failure keeps its counts.
            ON CONFLICT (process, node) DO UPDATE SET
                route = excluded.route, state = excluded.state, priority = excluded.priority,
                ready_at = excluded.ready_at, attempt = j.attempt + excluded.attempt, nonce = excluded.nonce,
                claimed_at = coalesce(excluded.claimed_at, j.claimed_at), lease_until = excluded.lease_until,
                worker = excluded.worker, due_at = NULL, ended_at = NULL
            WHERE j.state = 0
            RETURNING j.process, j.node, j.state, j.attempt, j.nonce, j.failed, j.undecoded, j.event
        )
        SELECT c_process || n.process, c_node || n.node, c_attempt || n.attempt, c_nonce || n.nonce,
            c_failed || n.failed, c_undecoded || n.undecoded, c_event || n.event, n.left_ready
        INTO c_process, c_node, c_attempt, c_nonce, c_failed, c_undecoded, c_event, left_ready
        FROM (SELECT array_agg(process) FILTER (WHERE state = 2) AS process,
                array_agg(node) FILTER (WHERE state = 2) AS node,
                array_agg(attempt) FILTER (WHERE state = 2) AS attempt,
                array_agg(nonce) FILTER (WHERE state = 2) AS nonce,
                array_agg(failed) FILTER (WHERE state = 2) AS failed,
                array_agg(undecoded) FILTER (WHERE state = 2) AS undecoded,
                array_agg(event) FILTER (WHERE state = 2) AS event,
                coalesce(bool_or(state = 1), false) AS left_ready FROM inserted) n;
    END IF;
END $$;
