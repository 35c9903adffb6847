-- A store of schema 4, as it was released, with rows. Not to be changed: it stands for the stores out there.
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

-- Who sends refreshes: few, and named by a small number in every grant's row. Capped by the code that fills it.
CREATE TABLE callers (
  number     INTEGER PRIMARY KEY,
  address    TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  UNIQUE (address, user_agent)
) STRICT;

-- Who made the current generation.
ALTER TABLE grants ADD COLUMN caller INTEGER;

-- The last replay of a grant, kept for the operator: one row for each grant that ever saw one.
CREATE TABLE replays (
  grant_id          INTEGER PRIMARY KEY REFERENCES grants (id) ON DELETE CASCADE,
  times             INTEGER NOT NULL,
  at_ms             INTEGER NOT NULL,
  generation        INTEGER NOT NULL,
  gap               INTEGER NOT NULL,
  since_rotation_ms INTEGER,
  response          TEXT NOT NULL,
  looks_like        TEXT NOT NULL,
  caller            INTEGER,
  rotated_by        INTEGER
) STRICT;

-- Scopes are few, so a grant names its own by a number, like its client and its caller.
CREATE TABLE scopes (
  number INTEGER PRIMARY KEY,
  scope  TEXT NOT NULL UNIQUE
) STRICT;

ALTER TABLE grants ADD COLUMN scope_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grants DROP COLUMN scope;

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

INSERT INTO clients (number, id, dialect, name, policy, revision, created_at, disabled_at) VALUES
  (1, 'client-a', 'smartcar', 'Charge planner', '{"refreshTokenLifetimeSeconds":5184000,"accessTokenLifetimeSeconds":7200,"rotation":"overlap","overlapSeconds":60,"raceSeconds":10,"onReplay":"revoke","grantLifetimeSeconds":null,"resyncGenerations":1024,"requireUserAgent":false,"tellRefreshExpiry":false,"deadTokenCode":"4002"}', 3, 1750000000, NULL),
  (2, 'client-b', 'pleos', 'Näher 🚗', '{"refreshTokenLifetimeSeconds":5184000,"accessTokenLifetimeSeconds":7200,"rotation":"strict","overlapSeconds":0,"raceSeconds":10,"onReplay":"revoke","grantLifetimeSeconds":null,"resyncGenerations":1024,"requireUserAgent":false,"tellRefreshExpiry":false,"deadTokenCode":"4002"}', 1, 1750000001, 1750000002);
INSERT INTO client_secrets (id, client, name, digest, created_at, expires_at) VALUES
  ('secret-1', 1, 'production', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 1750000000, NULL),
  ('secret-2', 1, 'next', x'ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 1750000003, 1760000000);
INSERT INTO scopes (number, scope) VALUES
  (1, 'read_odometer'),
  (2, 'odometer');
INSERT INTO grants (id, client, generation, key_number, created_at, rotated_at_ms, use_digest, revoked_at, revocation_cause, brand, subject, scope_number) VALUES
  (42, 1, 2, 1, 1750000000, x'019779473be87f03e8fffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffe', x'0f0e0d0c0b0a09080706050403020100', NULL, NULL, NULL, 'owner-1', 1),
  (-9000000000000000001, 1, 0, 1, 1750000000, NULL, NULL, 1750000500, 'operator', NULL, 'owner-2', 1),
  (9000000000000000002, 2, 7, 2, 1750000000, x'019779473800fffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffefffffe', NULL, 1750000600, 'replay', 'kia', 'owner-3', 2);
INSERT INTO keys (number, created_at, fingerprint) VALUES
  (1, 1750000000, '11111111111111111111111111111111'),
  (2, 1750000400, '22222222222222222222222222222222');
INSERT INTO callers (number, address, user_agent) VALUES
  (1, '192.0.2.7', 'charge-planner/2.1'),
  (2, '2001:db8::9', 'curl/8.5.0');
UPDATE grants SET caller = 1 WHERE id IN (42, 9000000000000000002);
INSERT INTO replays (grant_id, times, at_ms, generation, gap, since_rotation_ms, response, looks_like, caller, rotated_by) VALUES
  (9000000000000000002, 3, 1750000600000, 5, 2, NULL, 'revoke', 'theft', 2, 1);

PRAGMA application_id = 1262899010; PRAGMA user_version = 4;
