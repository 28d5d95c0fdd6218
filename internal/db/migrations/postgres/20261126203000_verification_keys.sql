-- +goose Up
-- create "verification_keys" table
CREATE TABLE "verification_keys" ("id" character varying NOT NULL, "create_time" timestamptz NOT NULL, "public_key" bytea NOT NULL, "sign_time" timestamptz NOT NULL, PRIMARY KEY ("id"));

-- +goose Down
-- reverse: create "verification_keys" table
DROP TABLE "verification_keys";
