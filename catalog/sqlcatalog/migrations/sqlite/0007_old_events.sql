-- Old events are removed by kind and age (docs/decisions/0059-how-long-the-record-is-kept.md).

-- +goose Up

CREATE INDEX events_by_age ON events (kind, time);
