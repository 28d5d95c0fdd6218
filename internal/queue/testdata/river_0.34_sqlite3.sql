-- The queue as River 0.34 left it, the release before 0.51: schema version 6 and five jobs, completed, failed once, running,
-- due far in the future and due. Dumped by pg_dump and sqlite3; only the days were changed.
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (json('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL
);
INSERT INTO river_queue VALUES('mail','2025-11-30 09:48:51.125','{}',NULL,'2025-11-30 09:48:51.125');
INSERT INTO river_queue VALUES('default','2025-11-30 09:48:51.125','{}',NULL,'2025-11-30 09:48:51.125');
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
INSERT INTO river_leader VALUES('2025-11-30 09:48:51.125','2025-11-30 09:49:06.125','1c923da6-1484-41f2-97fb-5480258c893f','default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
INSERT INTO river_migration VALUES('main',1,'2025-11-30 09:48:51');
INSERT INTO river_migration VALUES('main',2,'2025-11-30 09:48:51');
INSERT INTO river_migration VALUES('main',3,'2025-11-30 09:48:51');
INSERT INTO river_migration VALUES('main',4,'2025-11-30 09:48:51');
INSERT INTO river_migration VALUES('main',5,'2025-11-30 09:48:51');
INSERT INTO river_migration VALUES('main',6,'2025-11-30 09:48:51');
CREATE TABLE river_client (
    id text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (json('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL,
    CONSTRAINT name_length CHECK (length(id) > 0 AND length(id) < 128)
);
CREATE TABLE river_client_queue (
    river_client_id text NOT NULL REFERENCES river_client (id) ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    max_workers integer NOT NULL DEFAULT 0,
    metadata blob NOT NULL DEFAULT (json('{}')),
    num_jobs_completed integer NOT NULL DEFAULT 0,
    num_jobs_running integer NOT NULL DEFAULT 0,
    updated_at timestamp NOT NULL,
    PRIMARY KEY (river_client_id, name),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT num_jobs_completed_zero_or_positive CHECK (num_jobs_completed >= 0),
    CONSTRAINT num_jobs_running_zero_or_positive CHECK (num_jobs_running >= 0)
);
CREATE TABLE river_job (
    id integer PRIMARY KEY, -- SQLite makes this autoincrementing automatically
    args blob NOT NULL DEFAULT '{}',
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL,
    metadata blob NOT NULL DEFAULT (json('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (json('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
INSERT INTO river_job VALUES(1,X'7b226e223a317d',1,'2025-11-30 09:48:51.127','["1c923da6-1484-41f2-97fb-5480258c893f"]','2025-11-30 09:48:51.124',NULL,'2025-11-30 09:48:51.12746922+00:00','step',25,'{"request_id":"r1","river:unique_nonce":"13fb54a206001a7d"}',1,'default','completed','2025-11-30 09:48:51.124','[]',NULL,NULL);
INSERT INTO river_job VALUES(2,X'7b226e223a327d',1,'2025-11-30 09:48:51.127','["1c923da6-1484-41f2-97fb-5480258c893f"]','2025-11-30 09:48:51.124','[{"at":"2025-11-30T09:48:51.127474107Z","attempt":1,"error":"the mail server is away","trace":""}]',NULL,'step',25,'{"request_id":"r1","river:unique_nonce":"13fb54a206001a7d"}',1,'default','retryable','2025-11-30 10:48:51.127538193+00:00','[]',NULL,NULL);
INSERT INTO river_job VALUES(3,X'7b226e223a337d',1,'2025-11-30 09:48:51.127','["1c923da6-1484-41f2-97fb-5480258c893f"]','2025-11-30 09:48:51.124',NULL,NULL,'step',25,'{"request_id":"r1","river:unique_nonce":"13fb54a206001a7d"}',1,'default','running','2025-11-30 09:48:51.124','[]',NULL,NULL);
INSERT INTO river_job VALUES(4,X'7b226e223a357d',0,NULL,NULL,'2025-11-30 09:48:51.684',NULL,NULL,'step',25,'{"request_id":"r1","river:unique_nonce":"15858e95b24a49f6"}',1,'default','available','2999-11-30 10:48:51.684','[]',NULL,NULL);
INSERT INTO river_job VALUES(5,X'7b226e223a367d',0,NULL,NULL,'2025-11-30 09:48:51.684',NULL,NULL,'step',25,'{"request_id":"r1","river:unique_nonce":"057b76504fbd3589"}',1,'default','available','2025-11-30 09:49:51.685','[]',NULL,NULL);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
