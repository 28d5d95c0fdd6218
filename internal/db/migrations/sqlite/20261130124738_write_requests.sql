-- +goose Up
-- create "write_requests" table
CREATE TABLE `write_requests` (`id` uuid NOT NULL, `create_time` datetime NOT NULL, `actor_id` uuid NOT NULL, `request_id` uuid NOT NULL, `method` text NOT NULL, `digest` blob NOT NULL, `products` json NOT NULL, PRIMARY KEY (`id`));
-- create index "write_request_id" to table: "write_requests"
CREATE UNIQUE INDEX `write_request_id` ON `write_requests` (`actor_id`, `request_id`);
-- create index "writerequest_create_time" to table: "write_requests"
CREATE INDEX `writerequest_create_time` ON `write_requests` (`create_time`);

-- +goose Down
-- reverse: create index "writerequest_create_time" to table: "write_requests"
DROP INDEX `writerequest_create_time`;
-- reverse: create index "write_request_id" to table: "write_requests"
DROP INDEX `write_request_id`;
-- reverse: create "write_requests" table
DROP TABLE `write_requests`;
