-- +goose Up
-- Until when all processes leave something alone: see ADR 22.
CREATE TABLE `pauses` (`id` text NOT NULL, `end_time` datetime NOT NULL, PRIMARY KEY (`id`));

-- +goose Down
DROP TABLE `pauses`;
