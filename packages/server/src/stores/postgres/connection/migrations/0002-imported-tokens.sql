-- Serves keyfob from schema 1 on.
-- Refresh tokens that were issued elsewhere, by their SHA-256. Each stands for generation 0 of its grant.
CREATE TABLE imported_tokens (
  digest     bytea PRIMARY KEY,
  grant_id   bigint NOT NULL,
  expires_at bigint NOT NULL
);

CREATE INDEX imported_tokens_by_grant ON imported_tokens (grant_id);

-- Whether a client has any, so that nobody else's requests are looked up there.
ALTER TABLE clients ADD COLUMN has_imported_tokens boolean NOT NULL DEFAULT false;
