-- +goose Up
-- add column "pending_email" to table: "admins"
ALTER TABLE `admins` ADD COLUMN `pending_email` text NOT NULL DEFAULT '';
-- add column "use_time" to table: "one_time_tokens"
ALTER TABLE `one_time_tokens` ADD COLUMN `use_time` datetime NULL;
-- add column "api_key_id" to table: "product_changes"
ALTER TABLE `product_changes` ADD COLUMN `api_key_id` uuid NULL;
-- add column "nonce" to table: "refresh_tokens"
ALTER TABLE `refresh_tokens` ADD COLUMN `nonce` blob NULL;
-- add column "auth_time" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `auth_time` datetime NULL;
-- add column "second_factor" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `second_factor` bool NOT NULL DEFAULT false;
-- create "api_keys" table
CREATE TABLE `api_keys` (`id` uuid NOT NULL, `create_time` datetime NOT NULL, `admin_id` uuid NOT NULL, `name` text NOT NULL, `access` text NOT NULL, `digest` text NOT NULL, `prefix` text NOT NULL, `expire_time` datetime NULL, `revoke_time` datetime NULL, `last_use_time` datetime NULL, PRIMARY KEY (`id`));
-- create index "api_keys_digest_key" to table: "api_keys"
CREATE UNIQUE INDEX `api_keys_digest_key` ON `api_keys` (`digest`);
-- create index "apikey_admin_id" to table: "api_keys"
CREATE INDEX `apikey_admin_id` ON `api_keys` (`admin_id`);
-- create "passkeys" table
CREATE TABLE `passkeys` (`id` uuid NOT NULL, `create_time` datetime NOT NULL, `admin_id` uuid NOT NULL, `name` text NOT NULL, `credential_id` blob NOT NULL, `credential` blob NOT NULL, `last_use_time` datetime NULL, PRIMARY KEY (`id`));
-- create index "passkeys_credential_id_key" to table: "passkeys"
CREATE UNIQUE INDEX `passkeys_credential_id_key` ON `passkeys` (`credential_id`);
-- create index "passkey_admin_id" to table: "passkeys"
CREATE INDEX `passkey_admin_id` ON `passkeys` (`admin_id`);
-- create "passkey_challenges" table
CREATE TABLE `passkey_challenges` (`id` text NOT NULL, `admin_id` uuid NOT NULL, `purpose` text NOT NULL, `session` blob NOT NULL, `expire_time` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "passkeychallenge_expire_time" to table: "passkey_challenges"
CREATE INDEX `passkeychallenge_expire_time` ON `passkey_challenges` (`expire_time`);
-- create index "passkeychallenge_admin_id" to table: "passkey_challenges"
CREATE INDEX `passkeychallenge_admin_id` ON `passkey_challenges` (`admin_id`);
-- create "recovery_codes" table
CREATE TABLE `recovery_codes` (`id` text NOT NULL, `create_time` datetime NOT NULL, `admin_id` uuid NOT NULL, PRIMARY KEY (`id`));
-- create index "recoverycode_admin_id" to table: "recovery_codes"
CREATE INDEX `recoverycode_admin_id` ON `recovery_codes` (`admin_id`);
-- create "security_events" table
CREATE TABLE `security_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `create_time` datetime NOT NULL, `type` text NOT NULL, `actor_id` uuid NULL, `actor_name` text NOT NULL DEFAULT (''), `admin_id` uuid NULL, `admin_name` text NOT NULL DEFAULT (''), `session_id` uuid NULL, `api_key_id` uuid NULL, `ip_address` text NOT NULL DEFAULT (''), `user_agent` text NOT NULL DEFAULT (''), `details` json NULL);
-- create index "securityevent_create_time" to table: "security_events"
CREATE INDEX `securityevent_create_time` ON `security_events` (`create_time`);
-- create index "securityevent_admin_id_id" to table: "security_events"
CREATE INDEX `securityevent_admin_id_id` ON `security_events` (`admin_id`, `id`);
-- create index "securityevent_actor_id_id" to table: "security_events"
CREATE INDEX `securityevent_actor_id_id` ON `security_events` (`actor_id`, `id`);
-- create index "securityevent_type_id" to table: "security_events"
CREATE INDEX `securityevent_type_id` ON `security_events` (`type`, `id`);
-- create "security_policies" table
CREATE TABLE `security_policies` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `require_second_factor` bool NOT NULL DEFAULT (false), `update_time` datetime NOT NULL);

-- +goose Down
-- reverse: create "security_policies" table
DROP TABLE `security_policies`;
-- reverse: create index "securityevent_type_id" to table: "security_events"
DROP INDEX `securityevent_type_id`;
-- reverse: create index "securityevent_actor_id_id" to table: "security_events"
DROP INDEX `securityevent_actor_id_id`;
-- reverse: create index "securityevent_admin_id_id" to table: "security_events"
DROP INDEX `securityevent_admin_id_id`;
-- reverse: create index "securityevent_create_time" to table: "security_events"
DROP INDEX `securityevent_create_time`;
-- reverse: create "security_events" table
DROP TABLE `security_events`;
-- reverse: create index "recoverycode_admin_id" to table: "recovery_codes"
DROP INDEX `recoverycode_admin_id`;
-- reverse: create "recovery_codes" table
DROP TABLE `recovery_codes`;
-- reverse: create index "passkeychallenge_admin_id" to table: "passkey_challenges"
DROP INDEX `passkeychallenge_admin_id`;
-- reverse: create index "passkeychallenge_expire_time" to table: "passkey_challenges"
DROP INDEX `passkeychallenge_expire_time`;
-- reverse: create "passkey_challenges" table
DROP TABLE `passkey_challenges`;
-- reverse: create index "passkey_admin_id" to table: "passkeys"
DROP INDEX `passkey_admin_id`;
-- reverse: create index "passkeys_credential_id_key" to table: "passkeys"
DROP INDEX `passkeys_credential_id_key`;
-- reverse: create "passkeys" table
DROP TABLE `passkeys`;
-- reverse: create index "apikey_admin_id" to table: "api_keys"
DROP INDEX `apikey_admin_id`;
-- reverse: create index "api_keys_digest_key" to table: "api_keys"
DROP INDEX `api_keys_digest_key`;
-- reverse: create "api_keys" table
DROP TABLE `api_keys`;
-- reverse: add column "second_factor" to table: "sessions"
ALTER TABLE `sessions` DROP COLUMN `second_factor`;
-- reverse: add column "auth_time" to table: "sessions"
ALTER TABLE `sessions` DROP COLUMN `auth_time`;
-- reverse: add column "nonce" to table: "refresh_tokens"
ALTER TABLE `refresh_tokens` DROP COLUMN `nonce`;
-- reverse: add column "api_key_id" to table: "product_changes"
ALTER TABLE `product_changes` DROP COLUMN `api_key_id`;
-- reverse: add column "use_time" to table: "one_time_tokens"
ALTER TABLE `one_time_tokens` DROP COLUMN `use_time`;
-- reverse: add column "pending_email" to table: "admins"
ALTER TABLE `admins` DROP COLUMN `pending_email`;
