-- What the other functions share.

CREATE FUNCTION {schema}.clock() RETURNS bigint LANGUAGE sql VOLATILE
AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- What is recorded has to survive a power cut, whatever the default of the server or the role is. A setting of this
-- transaction alone, so that a connection pooler may stand in between.
CREATE FUNCTION {schema}.durably() RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
END $$;

-- The locks that keep exchanges and revisions of one process apart. They live in the server's memory and cost no write;
-- processes share 1,024 of them, so that a large exchange cannot fill the lock table. Whoever takes several takes them
-- in ascending order.
CREATE FUNCTION {schema}.slot(key bigint) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT (key & 1023)::integer $$;

-- Takes the exclusive lock of a process.
CREATE FUNCTION {schema}.lock_process(p_key bigint) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM {schema}.durably();
    PERFORM pg_advisory_xact_lock({process_class}, {schema}.slot(p_key));
END $$;
