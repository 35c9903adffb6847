-- Clients are few and read often; their policy is one JSON object, whole.
CREATE TABLE clients (
  number      INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  dialect     TEXT NOT NULL,
  name        TEXT NOT NULL,
  policy      TEXT NOT NULL,
  revision    INTEGER NOT NULL DEFAULT 1,
  created_at  INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT;

CREATE TABLE client_secrets (
  id         TEXT PRIMARY KEY,
  client     INTEGER NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  digest     BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX client_secrets_by_client ON client_secrets (client);

-- One row a grant, for ever: a refresh advances it and inserts nothing. rotated_at_ms holds 6 bytes a moment.
CREATE TABLE grants (
  id               INTEGER PRIMARY KEY,
  client           INTEGER NOT NULL REFERENCES clients (number),
  generation       INTEGER NOT NULL,
  key_number       INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  rotated_at_ms    BLOB,
  use_digest       BLOB,
  revoked_at       INTEGER,
  revocation_cause TEXT,
  brand            TEXT,
  subject          TEXT NOT NULL,
  scope            TEXT NOT NULL
) STRICT;

CREATE INDEX grants_by_client ON grants (client);

-- Which keys have sealed tokens here. Fingerprints, not keys.
CREATE TABLE keys (
  number      INTEGER PRIMARY KEY,
  created_at  INTEGER NOT NULL,
  fingerprint TEXT NOT NULL
) STRICT;
