-- +goose Up
-- Until when all processes leave something alone: see ADR 22.
CREATE TABLE "pauses" ("id" character varying NOT NULL, "end_time" timestamptz NOT NULL, PRIMARY KEY ("id"));

-- +goose Down
DROP TABLE "pauses";
