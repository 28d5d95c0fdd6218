-- +goose Up
-- River keeps what is in jobs as JSONB since its version 7, and reads both forms. The release before, which
-- may come back, reads only text: keep text. Drop the triggers a release later.
-- +goose StatementBegin
CREATE TRIGGER `river_job_text_insert` AFTER INSERT ON `river_job` BEGIN
    UPDATE `river_job` SET `args` = json(`args`), `attempted_by` = json(`attempted_by`), `errors` = json(`errors`),
        `metadata` = json(`metadata`), `tags` = json(`tags`) WHERE `id` = NEW.`id`;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `river_job_text_update` AFTER UPDATE OF `args`, `attempted_by`, `errors`, `metadata`, `tags` ON `river_job`
WHEN 'blob' IN (typeof(NEW.`args`), typeof(NEW.`attempted_by`), typeof(NEW.`errors`), typeof(NEW.`metadata`), typeof(NEW.`tags`))
BEGIN
    UPDATE `river_job` SET `args` = json(`args`), `attempted_by` = json(`attempted_by`), `errors` = json(`errors`),
        `metadata` = json(`metadata`), `tags` = json(`tags`) WHERE `id` = NEW.`id`;
END;
-- +goose StatementEnd
UPDATE `river_job` SET `args` = `args`;

-- +goose Down
DROP TRIGGER `river_job_text_update`;
DROP TRIGGER `river_job_text_insert`;
