-- Adds processes. The keys are in the order of `p_identifier`; `created` is false for those that were known.
-- Meetings and their releases come as text of arrays, as there are no arrays of arrays of different lengths.
CREATE FUNCTION {schema}.enqueue(
    p_identifier text[], p_definition text[], p_plan bytea[], p_priority smallint[],
    p_node bigint[], p_route bigint[], p_concludes boolean[], p_start_after bigint[], p_deadline bigint[],
    m_process integer[], m_node bigint[], m_waits_for bigint[],
    m_release_nodes text[], m_release_routes text[], m_release_concludes text[], m_meetings text[],
    OUT keys bigint[], OUT created boolean[]
) LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    fresh bigint[];
    t bigint;
BEGIN
    PERFORM {schema}.durably();
    t := {schema}.clock();
    -- Keys go up in the order of the call, but rows are inserted in the order of the identifiers: two calls with the
    -- same ones wait for each other, and not in a circle.
    SELECT array_agg(nextval('{schema}.process_key') ORDER BY o) INTO fresh FROM generate_series(1, cardinality(p_identifier)) o;
    WITH added AS (
        INSERT INTO {schema}.process AS p (key, identifier, definition, plan, priority, outcome, created_at, deadline_at)
        SELECT key, identifier, definition, plan, priority, CASE WHEN concludes THEN 1 END, t, t + deadline
        FROM unnest(fresh, p_identifier, p_definition, p_plan, p_priority, p_concludes, p_deadline)
            AS n(key, identifier, definition, plan, priority, concludes, deadline)
        ORDER BY identifier COLLATE "C", key
        ON CONFLICT (identifier) DO NOTHING
        RETURNING p.key
    )
    SELECT array_agg(a.key IS NOT NULL ORDER BY f.o) INTO created
    FROM unnest(fresh) WITH ORDINALITY f(key, o) LEFT JOIN added a ON a.key = f.key;

    INSERT INTO {schema}.job (process, node, route, state, priority, ready_at, due_at)
    SELECT key, node, route, CASE WHEN start_after > 0 THEN 3 ELSE 1 END, priority, t + start_after,
        CASE WHEN start_after > 0 THEN t + start_after END
    FROM unnest(fresh, created, p_node, p_route, p_priority, p_start_after)
        AS n(key, created, node, route, priority, start_after)
    WHERE n.created;

    IF cardinality(m_process) > 0 THEN
        INSERT INTO {schema}.meeting
        SELECT fresh[m.process], m.node, m.waits_for, m.release_nodes::bigint[], m.release_routes::bigint[],
            m.release_concludes::boolean[], m.meetings::bigint[]
        FROM unnest(m_process, m_node, m_waits_for, m_release_nodes, m_release_routes, m_release_concludes, m_meetings)
            AS m(process, node, waits_for, release_nodes, release_routes, release_concludes, meetings)
        WHERE created[m.process];
    END IF;

    keys := fresh;
    IF NOT (true = ALL (created)) THEN
        SELECT array_agg(coalesce(p.key, n.key) ORDER BY n.o) INTO keys
        FROM unnest(fresh, p_identifier) WITH ORDINALITY AS n(key, identifier, o)
        LEFT JOIN {schema}.process p ON p.identifier = n.identifier;
    END IF;
END $$;
