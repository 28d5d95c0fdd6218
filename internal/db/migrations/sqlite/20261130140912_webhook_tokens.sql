-- +goose Up
-- create "webhook_tokens" table
CREATE TABLE `webhook_tokens` (`id` text NOT NULL, `create_time` datetime NOT NULL, `digest` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "webhooktoken_create_time" to table: "webhook_tokens"
CREATE INDEX `webhooktoken_create_time` ON `webhook_tokens` (`create_time`);

-- +goose Down
-- reverse: create index "webhooktoken_create_time" to table: "webhook_tokens"
DROP INDEX `webhooktoken_create_time`;
-- reverse: create "webhook_tokens" table
DROP TABLE `webhook_tokens`;
