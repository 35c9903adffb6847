-- Refresh tokens that were issued elsewhere, by their SHA-256. Each stands for generation 0 of its grant.
CREATE TABLE imported_tokens (
  digest     BLOB PRIMARY KEY,
  grant_id   INTEGER NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_tokens_by_grant ON imported_tokens (grant_id);

-- Whether a client has any, so that nobody else's requests are looked up there.
ALTER TABLE clients ADD COLUMN has_imported_tokens INTEGER NOT NULL DEFAULT 0;
