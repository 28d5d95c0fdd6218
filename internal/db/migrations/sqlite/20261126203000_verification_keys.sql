-- +goose Up
-- create "verification_keys" table
CREATE TABLE `verification_keys` (`id` text NOT NULL, `create_time` datetime NOT NULL, `public_key` blob NOT NULL, `sign_time` datetime NOT NULL, PRIMARY KEY (`id`));

-- +goose Down
-- reverse: create "verification_keys" table
DROP TABLE `verification_keys`;
