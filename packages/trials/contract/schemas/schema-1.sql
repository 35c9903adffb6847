-- A store of schema 1, as it was released, with rows. Not to be changed: it stands for the stores out there.
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

INSERT INTO clients (number, id, dialect, name, policy, revision, created_at, disabled_at) VALUES
  (1, 'client-a', 'smartcar', 'Charge planner', '{"refreshTokenLifetimeSeconds":5184000,"accessTokenLifetimeSeconds":7200,"rotation":"overlap","overlapSeconds":60,"raceSeconds":10,"onReplay":"revoke","grantLifetimeSeconds":null,"resyncGenerations":1024,"requireUserAgent":false,"tellRefreshExpiry":false,"deadTokenCode":"4002"}', 3, 1750000000, NULL),
  (2, 'client-b', 'pleos', 'Näher 🚗', '{"refreshTokenLifetimeSeconds":5184000,"accessTokenLifetimeSeconds":7200,"rotation":"strict","overlapSeconds":0,"raceSeconds":10,"onReplay":"revoke","grantLifetimeSeconds":null,"resyncGenerations":1024,"requireUserAgent":false,"tellRefreshExpiry":false,"deadTokenCode":"4002"}', 1, 1750000001, 1750000002);
INSERT INTO client_secrets (id, client, name, digest, created_at, expires_at) VALUES
  ('secret-1', 1, 'production', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 1750000000, NULL),
  ('secret-2', 1, 'next', x'ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 1750000003, 1760000000);
INSERT INTO grants (id, client, generation, key_number, created_at, rotated_at_ms, use_digest, revoked_at, revocation_cause, brand, subject, scope) VALUES
  (42, 1, 2, 1, 1750000000, x'019779473800019779473be8', x'0f0e0d0c0b0a09080706050403020100', NULL, NULL, NULL, 'owner-1', 'read_odometer'),
  (-9000000000000000001, 1, 0, 1, 1750000000, NULL, NULL, 1750000500, 'operator', NULL, 'owner-2', 'read_odometer'),
  (9000000000000000002, 2, 7, 2, 1750000000, x'019779473800', NULL, 1750000600, 'replay', 'kia', 'owner-3', 'odometer');
INSERT INTO keys (number, created_at, fingerprint) VALUES
  (1, 1750000000, '11111111111111111111111111111111'),
  (2, 1750000400, '22222222222222222222222222222222');

PRAGMA application_id = 1262899010; PRAGMA user_version = 1;
