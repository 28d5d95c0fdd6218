-- The queue as River 0.34 left it, the release before 0.51: schema version 6 and five jobs, completed, failed once, running,
-- due far in the future and due. Dumped by pg_dump and sqlite3; only the days were changed.
CREATE TYPE public.river_job_state AS ENUM (
    'available',
    'cancelled',
    'completed',
    'discarded',
    'pending',
    'retryable',
    'running',
    'scheduled'
);

CREATE FUNCTION public.river_job_state_in_bitmask(bitmask bit, state public.river_job_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE state
        WHEN 'available' THEN get_bit(bitmask, 7)
        WHEN 'cancelled' THEN get_bit(bitmask, 6)
        WHEN 'completed' THEN get_bit(bitmask, 5)
        WHEN 'discarded' THEN get_bit(bitmask, 4)
        WHEN 'pending'   THEN get_bit(bitmask, 3)
        WHEN 'retryable' THEN get_bit(bitmask, 2)
        WHEN 'running'   THEN get_bit(bitmask, 1)
        WHEN 'scheduled' THEN get_bit(bitmask, 0)
        ELSE 0
    END = 1;
$$;

CREATE UNLOGGED TABLE public.river_client (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    paused_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT name_length CHECK (((char_length(id) > 0) AND (char_length(id) < 128)))
);

CREATE UNLOGGED TABLE public.river_client_queue (
    river_client_id text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    max_workers bigint DEFAULT 0 NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    num_jobs_completed bigint DEFAULT 0 NOT NULL,
    num_jobs_running bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT name_length CHECK (((char_length(name) > 0) AND (char_length(name) < 128))),
    CONSTRAINT num_jobs_completed_zero_or_positive CHECK ((num_jobs_completed >= 0)),
    CONSTRAINT num_jobs_running_zero_or_positive CHECK ((num_jobs_running >= 0))
);

CREATE TABLE public.river_job (
    id bigint NOT NULL,
    state public.river_job_state DEFAULT 'available'::public.river_job_state NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    max_attempts smallint NOT NULL,
    attempted_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finalized_at timestamp with time zone,
    scheduled_at timestamp with time zone DEFAULT now() NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    args jsonb NOT NULL,
    attempted_by text[],
    errors jsonb[],
    kind text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL,
    tags character varying(255)[] DEFAULT '{}'::character varying[] NOT NULL,
    unique_key bytea,
    unique_states bit(8),
    CONSTRAINT finalized_or_finalized_at_null CHECK ((((finalized_at IS NULL) AND (state <> ALL (ARRAY['cancelled'::public.river_job_state, 'completed'::public.river_job_state, 'discarded'::public.river_job_state]))) OR ((finalized_at IS NOT NULL) AND (state = ANY (ARRAY['cancelled'::public.river_job_state, 'completed'::public.river_job_state, 'discarded'::public.river_job_state]))))),
    CONSTRAINT kind_length CHECK (((char_length(kind) > 0) AND (char_length(kind) < 128))),
    CONSTRAINT max_attempts_is_positive CHECK ((max_attempts > 0)),
    CONSTRAINT priority_in_range CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT queue_length CHECK (((char_length(queue) > 0) AND (char_length(queue) < 128)))
);

CREATE SEQUENCE public.river_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.river_job_id_seq OWNED BY public.river_job.id;

CREATE UNLOGGED TABLE public.river_leader (
    elected_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    leader_id text NOT NULL,
    name text DEFAULT 'default'::text NOT NULL,
    CONSTRAINT leader_id_length CHECK (((char_length(leader_id) > 0) AND (char_length(leader_id) < 128))),
    CONSTRAINT name_length CHECK ((name = 'default'::text))
);

CREATE TABLE public.river_migration (
    line text NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT line_length CHECK (((char_length(line) > 0) AND (char_length(line) < 128))),
    CONSTRAINT version_gte_1 CHECK ((version >= 1))
);

CREATE TABLE public.river_queue (
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    paused_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.river_job ALTER COLUMN id SET DEFAULT nextval('public.river_job_id_seq'::regclass);

INSERT INTO public.river_job VALUES (3, 'running', 1, 25, '2025-11-30 09:48:52.347287+00', '2025-11-30 09:48:52.283518+00', NULL, '2025-11-30 09:48:52.283518+00', 1, '{"n": 3}', '{9612da19-502e-4432-9a85-8298abf7d24f}', NULL, 'step', '{"request_id": "r1"}', 'default', '{}', NULL, NULL);
INSERT INTO public.river_job VALUES (1, 'completed', 1, 25, '2025-11-30 09:48:52.347287+00', '2025-11-30 09:48:52.283518+00', '2025-11-30 09:48:52.348834+00', '2025-11-30 09:48:52.283518+00', 1, '{"n": 1}', '{9612da19-502e-4432-9a85-8298abf7d24f}', NULL, 'step', '{"request_id": "r1"}', 'default', '{}', NULL, NULL);
INSERT INTO public.river_job VALUES (2, 'retryable', 1, 25, '2025-11-30 09:48:52.347287+00', '2025-11-30 09:48:52.283518+00', NULL, '2025-11-30 10:48:52.348868+00', 1, '{"n": 2}', '{9612da19-502e-4432-9a85-8298abf7d24f}', '{"{\"at\": \"2025-11-30T09:48:52.348839275Z\", \"error\": \"the mail server is away\", \"trace\": \"\", \"attempt\": 1}"}', 'step', '{"request_id": "r1"}', 'default', '{}', NULL, NULL);
INSERT INTO public.river_job VALUES (4, 'available', 0, 25, NULL, '2025-11-30 09:48:52.868899+00', NULL, '2999-11-30 10:48:52.868744+00', 1, '{"n": 5}', NULL, NULL, 'step', '{"request_id": "r1"}', 'default', '{}', NULL, NULL);
INSERT INTO public.river_job VALUES (5, 'available', 0, 25, NULL, '2025-11-30 09:48:52.870632+00', NULL, '2025-11-30 09:49:52.870578+00', 1, '{"n": 6}', NULL, NULL, 'step', '{"request_id": "r1"}', 'default', '{}', NULL, NULL);

INSERT INTO public.river_leader VALUES ('2025-11-30 09:48:52.317661+00', '2025-11-30 09:49:07.317661+00', '9612da19-502e-4432-9a85-8298abf7d24f', 'default');

INSERT INTO public.river_migration VALUES ('main', 1, '2025-11-30 09:48:52.041756+00');
INSERT INTO public.river_migration VALUES ('main', 2, '2025-11-30 09:48:52.080951+00');
INSERT INTO public.river_migration VALUES ('main', 3, '2025-11-30 09:48:52.158839+00');
INSERT INTO public.river_migration VALUES ('main', 4, '2025-11-30 09:48:52.181529+00');
INSERT INTO public.river_migration VALUES ('main', 5, '2025-11-30 09:48:52.215844+00');
INSERT INTO public.river_migration VALUES ('main', 6, '2025-11-30 09:48:52.266225+00');

INSERT INTO public.river_queue VALUES ('mail', '2025-11-30 09:48:52.331881+00', '{}', NULL, '2025-11-30 09:48:52.331881+00');
INSERT INTO public.river_queue VALUES ('default', '2025-11-30 09:48:52.333972+00', '{}', NULL, '2025-11-30 09:48:52.333972+00');

SELECT pg_catalog.setval('public.river_job_id_seq', 5, true);

ALTER TABLE ONLY public.river_client
    ADD CONSTRAINT river_client_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.river_client_queue
    ADD CONSTRAINT river_client_queue_pkey PRIMARY KEY (river_client_id, name);

ALTER TABLE ONLY public.river_job
    ADD CONSTRAINT river_job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.river_leader
    ADD CONSTRAINT river_leader_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.river_migration
    ADD CONSTRAINT river_migration_pkey1 PRIMARY KEY (line, version);

ALTER TABLE ONLY public.river_queue
    ADD CONSTRAINT river_queue_pkey PRIMARY KEY (name);

CREATE INDEX river_job_args_index ON public.river_job USING gin (args);

CREATE INDEX river_job_kind ON public.river_job USING btree (kind);

CREATE INDEX river_job_metadata_index ON public.river_job USING gin (metadata);

CREATE INDEX river_job_prioritized_fetching_index ON public.river_job USING btree (state, queue, priority, scheduled_at, id);

CREATE INDEX river_job_state_and_finalized_at_index ON public.river_job USING btree (state, finalized_at) WHERE (finalized_at IS NOT NULL);

CREATE UNIQUE INDEX river_job_unique_idx ON public.river_job USING btree (unique_key) WHERE ((unique_key IS NOT NULL) AND (unique_states IS NOT NULL) AND public.river_job_state_in_bitmask(unique_states, state));

ALTER TABLE ONLY public.river_client_queue
    ADD CONSTRAINT river_client_queue_river_client_id_fkey FOREIGN KEY (river_client_id) REFERENCES public.river_client(id) ON DELETE CASCADE;
