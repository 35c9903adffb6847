-- What a client is, and where owners are sent back to: a JSON array, matched exactly.
ALTER TABLE clients ADD COLUMN type TEXT NOT NULL DEFAULT 'confidential';
ALTER TABLE clients ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN consent_redirect_uri TEXT;
ALTER TABLE client_secrets ADD COLUMN last_used_at INTEGER;

-- What an owner agreed to and a client has yet to come for; dropped soon after its ten minutes. vehicles is JSON.
CREATE TABLE codes (
  grant_id       INTEGER PRIMARY KEY,
  client_id      TEXT NOT NULL,
  redirect_uri   TEXT NOT NULL,
  code_challenge TEXT,
  issued_at      INTEGER NOT NULL,
  subject        TEXT NOT NULL,
  scope          TEXT NOT NULL,
  brand          TEXT,
  vehicles       TEXT NOT NULL,
  redeemed_at_ms INTEGER,
  use_digest     BLOB
) STRICT;

CREATE INDEX codes_by_age ON codes (issued_at);

-- What a grant covers. A grant made on the command line has none.
CREATE TABLE vehicles (
  grant_id   INTEGER NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  id         TEXT NOT NULL,
  vin        TEXT NOT NULL,
  make       TEXT NOT NULL,
  model      TEXT NOT NULL,
  year       INTEGER NOT NULL,
  nickname   TEXT NOT NULL,
  powertrain TEXT NOT NULL,
  PRIMARY KEY (grant_id, id)
) STRICT, WITHOUT ROWID;

-- The grants that an owner gave by consent. Removed with the grant by the code that removes it.
CREATE TABLE consents (
  subject  TEXT NOT NULL,
  grant_id INTEGER NOT NULL,
  PRIMARY KEY (subject, grant_id)
) STRICT, WITHOUT ROWID;

-- What happened to grants other than that they were refreshed. vins is a JSON array.
CREATE TABLE grant_events (
  sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT NOT NULL,
  at_ms      INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  grant_id   INTEGER NOT NULL,
  client_id  TEXT NOT NULL,
  subject    TEXT NOT NULL,
  request_id TEXT,
  cause      TEXT,
  vins       TEXT NOT NULL
) STRICT;

CREATE INDEX grant_events_by_grant ON grant_events (grant_id);

-- Who is told of grant events. Their secrets are derived from the key ring and kept nowhere. kinds is a JSON array.
CREATE TABLE webhooks (
  id          TEXT PRIMARY KEY,
  url         TEXT NOT NULL,
  format      TEXT NOT NULL,
  client_id   TEXT,
  kinds       TEXT NOT NULL,
  key_number  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT, WITHOUT ROWID;

-- The outbox: a grant event and who is to be told of it, inserted with the grant event. next_at_ms is null when it is over.
CREATE TABLE deliveries (
  webhook_id      TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  grant_event            INTEGER NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_at_ms      INTEGER,
  delivered_at_ms INTEGER,
  last_status     INTEGER,
  last_error      TEXT,
  PRIMARY KEY (webhook_id, grant_event)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (webhook_id, next_at_ms) WHERE next_at_ms IS NOT NULL;
