-- What people ask for, and what is cleared away.

-- Pauses a process or lets it go on. Waiting jobs are written, too, though nothing changes in them: whoever makes one
-- ready just now holds its row, and what has become of it is looked at afterwards.
CREATE FUNCTION {schema}.pause_process(p_key bigint, p_paused boolean) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM {schema}.lock_process(p_key);
    UPDATE {schema}.process p SET paused = p_paused WHERE p.key = p_key;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF p_paused THEN
        UPDATE {schema}.job j SET state = CASE j.state WHEN 1 THEN 8 ELSE j.state END
        WHERE j.process = p_key AND j.state IN (1, 3);
    ELSE
        UPDATE {schema}.job j SET state = CASE j.state WHEN 8 THEN 1 ELSE j.state END
        WHERE j.process = p_key AND j.state IN (8, 3);
    END IF;
    RETURN true;
END $$;

-- Removes a process and everything of it.
CREATE FUNCTION {schema}.delete_process(p_key bigint, p_only_ended boolean) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM {schema}.lock_process(p_key);
    DELETE FROM {schema}.process p WHERE p.key = p_key AND (p.phase = 3 OR NOT p_only_ended);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM {schema}.job j WHERE j.process = p_key;
    DELETE FROM {schema}.meeting m WHERE m.process = p_key;
    RETURN true;
END $$;

-- Removes processes that ended long enough ago, and workers that were not seen for an hour (`R20`). What somebody
-- works on is left for the next time.
CREATE FUNCTION {schema}.sweep(p_completed bigint, p_failed bigint, p_limit bigint) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    t bigint := {schema}.clock();
    v_keys bigint[];
BEGIN
    PERFORM {schema}.durably();
    SELECT coalesce(array_agg(key), '{}') INTO v_keys
    FROM (SELECT p.key FROM {schema}.process p
        WHERE p.phase = 3 AND p.ended_at <= t - CASE WHEN p.outcome = 1 THEN p_completed ELSE p_failed END
            AND p.ended_at <= t - least(p_completed, p_failed)
        ORDER BY p.ended_at LIMIT p_limit FOR UPDATE SKIP LOCKED) o
    WHERE pg_try_advisory_xact_lock({process_class}, (key & 1023)::integer);
    DELETE FROM {schema}.job j WHERE j.process = ANY (v_keys);
    DELETE FROM {schema}.meeting m WHERE m.process = ANY (v_keys);
    DELETE FROM {schema}.process p WHERE p.key = ANY (v_keys);

    PERFORM {schema}.forget_worker(w.id, t)
    FROM (SELECT id FROM {schema}.worker WHERE seen_at <= t - 3600000000 ORDER BY id LIMIT p_limit) w
    WHERE pg_try_advisory_xact_lock({worker_class}, uuid_hash(w.id));
    RETURN cardinality(v_keys);
END $$;

-- Ready jobs of routes that no worker knows which was seen in the last minute (`R17`). The walk goes from route to route
-- and does not touch what lies between.
CREATE FUNCTION {schema}.strays(
    OUT s_route bigint[], OUT s_jobs bigint[], OUT s_process bigint[], OUT s_node bigint[]
) LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    t bigint := {schema}.clock();
BEGIN
    WITH RECURSIVE ready(route) AS (
        (SELECT j.route FROM {schema}.job j WHERE j.state = 1 ORDER BY j.route LIMIT 1)
        UNION ALL
        SELECT (SELECT j.route FROM {schema}.job j WHERE j.state = 1 AND j.route > r.route ORDER BY j.route LIMIT 1)
        FROM ready r WHERE r.route IS NOT NULL
    ), unknown AS (
        SELECT r.route FROM ready r WHERE r.route IS NOT NULL AND NOT EXISTS (
            SELECT FROM {schema}.worker w
            WHERE w.seen_at > t - 60000000 AND NOT w.gone AND r.route = ANY (w.routes))
    )
    SELECT array_agg(u.route), array_agg(c.count), array_agg(e.process), array_agg(e.node)
    INTO s_route, s_jobs, s_process, s_node
    FROM unknown u
    CROSS JOIN LATERAL (SELECT count(*) FROM {schema}.job j WHERE j.state = 1 AND j.route = u.route) c
    CROSS JOIN LATERAL (SELECT j.process, j.node FROM {schema}.job j WHERE j.state = 1 AND j.route = u.route
        ORDER BY j.priority DESC, j.ready_at LIMIT 1) e;
END $$;
