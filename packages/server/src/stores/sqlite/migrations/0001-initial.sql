-- Clients are few and read often. policy is a JSON object, redirect_uris a JSON array. Every change of a client or of its
-- secrets moves its revision.
CREATE TABLE clients (
  number               INTEGER PRIMARY KEY,
  id                   TEXT NOT NULL UNIQUE,
  dialect              TEXT NOT NULL,
  type                 TEXT NOT NULL,
  name                 TEXT NOT NULL,
  redirect_uris        TEXT NOT NULL,
  consent_redirect_uri TEXT,
  -- What owners see besides the name, as a JSON object; the logo in it is base64 of at most 24 KiB.
  profile              TEXT NOT NULL,
  policy               TEXT NOT NULL,
  -- The public keys by which it authenticates, or where it publishes them, as a JSON object.
  client_keys          TEXT,
  -- How it registered itself, and whether an operator approved it, as a JSON object; NULL where an operator registered it.
  registration         TEXT,
  -- Whether an operator has to look at that.
  waits_for_approval   INTEGER NOT NULL,
  revision             INTEGER NOT NULL,
  created_at_ms        INTEGER NOT NULL,
  disabled_at_ms       INTEGER,
  -- Other clients' tokens are not looked up in imported_tokens.
  has_imported_tokens  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX clients_by_creation ON clients (created_at_ms, id, name);
CREATE INDEX clients_by_lifetime ON clients (json_extract(policy, '$.accessTokenLifetimeSeconds'));
CREATE INDEX clients_waiting ON clients (created_at_ms, id) WHERE waits_for_approval = 1;

CREATE TABLE client_secrets (
  id              TEXT PRIMARY KEY,
  client_number   INTEGER NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
  name            TEXT NOT NULL,
  digest          BLOB NOT NULL,
  created_at_ms   INTEGER NOT NULL,
  expires_at_ms   INTEGER,
  last_used_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX client_secrets_by_client ON client_secrets (client_number);

-- The keys that have made tokens of this store, by their fingerprints, and what an operator decided about them:
-- withdrawn_as is compromised or retired.
CREATE TABLE keys (
  number          INTEGER PRIMARY KEY,
  purpose         TEXT NOT NULL,
  created_at_ms   INTEGER NOT NULL,
  fingerprint     TEXT NOT NULL,
  withdrawn_as    TEXT,
  withdrawn_at_ms INTEGER,
  opens_until_ms  INTEGER
) STRICT;

-- One row: the newest moment that a server noted, so that the next one can check its clock at the start.
CREATE TABLE clock (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  seen_at_ms INTEGER NOT NULL
) STRICT;

-- Who sends refreshes: few, so that a grant names its caller by a small number. callers.ts limits how many there are.
CREATE TABLE callers (
  number     INTEGER PRIMARY KEY,
  address    TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  UNIQUE (address, user_agent)
) STRICT;

-- Scopes are few too, and a grant names its scope by a number.
CREATE TABLE scopes (
  number INTEGER PRIMARY KEY,
  scope  TEXT NOT NULL UNIQUE
) STRICT;

-- One row per grant, forever: a refresh updates it, inserts nothing, and leaves its size as it is.
CREATE TABLE grants (
  id               INTEGER PRIMARY KEY,
  client_number    INTEGER NOT NULL REFERENCES clients (number),
  generation       INTEGER NOT NULL,
  key_number       INTEGER NOT NULL,
  created_at_ms    INTEGER NOT NULL,
  -- When the last generations were made (packed-rotations.ts).
  rotations        BLOB,
  -- The caller that made the current generation.
  rotated_by       INTEGER,
  use_digest       BLOB,
  revoked_at_ms    INTEGER,
  revocation_cause TEXT,
  brand            TEXT,
  subject          TEXT NOT NULL,
  scope_number     INTEGER NOT NULL,
  -- What the owner agreed to where the client asked for vehicle data by name (RFC 9396), as a JSON object.
  vehicle_data     TEXT
) STRICT;

CREATE INDEX grants_by_client ON grants (client_number);
-- A refresh changes no column of these, so it does not write them.
CREATE INDEX grants_revoked ON grants (id) WHERE revoked_at_ms IS NOT NULL;
CREATE INDEX grants_revoked_by_client ON grants (client_number) WHERE revoked_at_ms IS NOT NULL;

-- The last replay of a grant, for the operator: one row per grant that ever had one. caller presented the token.
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

-- What an owner agreed to and the client has not redeemed yet; dropped soon after ten minutes. vehicles is a JSON array.
CREATE TABLE codes (
  grant_id       INTEGER PRIMARY KEY,
  client_id      TEXT NOT NULL,
  redirect_uri   TEXT NOT NULL,
  code_challenge TEXT,
  -- Of the key that it is bound to (RFC 9449 §10).
  key_thumbprint TEXT,
  issued_at_ms   INTEGER NOT NULL,
  subject        TEXT NOT NULL,
  scope          TEXT NOT NULL,
  brand          TEXT,
  vehicles       TEXT NOT NULL,
  -- As in grants.
  vehicle_data   TEXT,
  redeemed_at_ms INTEGER,
  use_digest     BLOB
) STRICT;

CREATE INDEX codes_by_age ON codes (issued_at_ms);

-- What devices ask owners for (RFC 8628); dropped an hour after ten minutes. An approved one has a row in codes.
CREATE TABLE device_requests (
  grant_id         INTEGER PRIMARY KEY,
  client_id        TEXT NOT NULL,
  user_code        TEXT NOT NULL UNIQUE,
  scope            TEXT NOT NULL,
  code_challenge   TEXT,
  issued_at_ms     INTEGER NOT NULL,
  interval_seconds INTEGER NOT NULL,
  polled_at_ms     INTEGER,
  -- approved, declined, or NULL until the owner decides.
  settled          TEXT
) STRICT;

CREATE INDEX device_requests_by_age ON device_requests (issued_at_ms);

-- Ids of assertions and proofs that were used (RFC 7523 §3, RFC 9449 §11.1), as digests; dropped an hour after they expired.
CREATE TABLE used_once (
  digest        BLOB PRIMARY KEY,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_once_by_expiry ON used_once (expires_at_ms);

-- Owners who are signed in. digest is of the session's id and its owner; dropped soon after half an hour.
CREATE TABLE owner_sessions (
  digest        BLOB PRIMARY KEY,
  started_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX owner_sessions_by_age ON owner_sessions (started_at_ms);

-- What a grant covers. A grant made on the command line has no rows here.
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

CREATE INDEX vehicles_by_vin ON vehicles (vin, grant_id);

-- The grants of an owner, those that an operator made too. The code that removes a grant removes its row.
CREATE TABLE consents (
  subject  TEXT NOT NULL,
  grant_id INTEGER NOT NULL,
  PRIMARY KEY (subject, grant_id)
) STRICT, WITHOUT ROWID;

-- Refresh tokens that another server issued, by their SHA-256. Each stands for generation 0 of its grant.
CREATE TABLE imported_tokens (
  digest        BLOB PRIMARY KEY,
  grant_id      INTEGER NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_tokens_by_grant ON imported_tokens (grant_id);

-- What happened to grants, refreshes excepted. vins is a JSON array.
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
CREATE INDEX grant_events_by_client ON grant_events (client_id);
CREATE INDEX grant_events_by_kind ON grant_events (kind);
CREATE INDEX grant_events_by_subject ON grant_events (subject);
CREATE INDEX grant_events_by_request ON grant_events (request_id) WHERE request_id IS NOT NULL;

-- The same by VIN, so that the events about a vehicle are found.
CREATE TABLE grant_event_vins (
  vin      TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (vin, sequence)
) STRICT, WITHOUT ROWID;

-- Also when a copy or a restore adds events.
CREATE TRIGGER grant_event_vins_added AFTER INSERT ON grant_events BEGIN
  INSERT OR IGNORE INTO grant_event_vins (vin, sequence) SELECT value, NEW.sequence FROM json_each(NEW.vins);
END;

CREATE TRIGGER grant_event_vins_removed AFTER DELETE ON grant_events BEGIN
  DELETE FROM grant_event_vins WHERE sequence = OLD.sequence AND vin IN (SELECT value FROM json_each(OLD.vins));
END;

-- Who receives grant events. Their secrets are derived from the key ring and not stored. kinds is a JSON array.
CREATE TABLE webhooks (
  id             TEXT PRIMARY KEY,
  url            TEXT NOT NULL,
  format         TEXT NOT NULL,
  client_id      TEXT,
  kinds          TEXT NOT NULL,
  key_number     INTEGER NOT NULL,
  created_at_ms  INTEGER NOT NULL,
  disabled_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- The outbox: one row per grant event and receiver, inserted with the grant event. next_at_ms is null when it is over.
CREATE TABLE deliveries (
  webhook_id      TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  grant_event     INTEGER NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_at_ms      INTEGER,
  delivered_at_ms INTEGER,
  last_status     INTEGER,
  last_error      TEXT,
  PRIMARY KEY (webhook_id, grant_event)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (webhook_id, next_at_ms) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deliveries_by_grant_event ON deliveries (grant_event, webhook_id);

-- The newest attempts of each delivery, as it was settled.
CREATE TABLE delivery_attempts (
  webhook_id  TEXT NOT NULL,
  grant_event INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  at_ms       INTEGER NOT NULL,
  took_ms     INTEGER NOT NULL,
  status      INTEGER,
  error       TEXT,
  PRIMARY KEY (webhook_id, grant_event, attempt),
  FOREIGN KEY (webhook_id, grant_event) REFERENCES deliveries (webhook_id, grant_event) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The processes that serve this file, as they say of themselves every few seconds; dropped a day after the last time.
CREATE TABLE running_nodes (
  id            TEXT PRIMARY KEY,
  version       TEXT NOT NULL,
  host          TEXT NOT NULL,
  process_id    INTEGER NOT NULL,
  url           TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  seen_at_ms    INTEGER NOT NULL,
  skew_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often something was refused or replayed, by event, time, cause and client. hours is 1 or 24: a count is added to its hour,
-- which is dropped after 48 hours, and to its day, dropped after 30 days. hour is the first one, since 1970. A client that is unknown, and
-- what has no reason, is an empty text. What is old is found without an index by hour, which lists would be tempted to use.
CREATE TABLE troubles (
  event      TEXT NOT NULL,
  hours      INTEGER NOT NULL,
  hour       INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  client_id  TEXT NOT NULL,
  count      INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  PRIMARY KEY (event, hours, hour, reason, client_id)
) STRICT, WITHOUT ROWID;

-- Keys with which programs use the admin API, by their SHA-256. client_ids is a JSON array: the clients of a developer.
CREATE TABLE operator_keys (
  id              TEXT PRIMARY KEY,
  name            TEXT NOT NULL,
  role            TEXT NOT NULL,
  client_ids      TEXT NOT NULL,
  digest          BLOB NOT NULL UNIQUE,
  created_at_ms   INTEGER NOT NULL,
  expires_at_ms   INTEGER NOT NULL,
  last_used_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- What lets an app register itself (RFC 7591 §3), by its SHA-256. terms is a JSON object: what its clients may have.
CREATE TABLE registration_tokens (
  id            TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  digest        BLOB NOT NULL UNIQUE,
  terms         TEXT NOT NULL,
  uses_left     INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Operators who are signed in, and links that nobody used yet. digest is of the secret; operator is a JSON object.
CREATE TABLE operator_sessions (
  digest        BLOB PRIMARY KEY,
  kind          TEXT NOT NULL,
  operator      TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  used_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX operator_sessions_by_age ON operator_sessions (started_at_ms);

-- Writes of the admin API that were asked for, by the digest of their Idempotency-Key; dropped after a day. body: the digest of what was asked for.
CREATE TABLE admin_writes (
  digest BLOB PRIMARY KEY,
  body   BLOB NOT NULL,
  at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX admin_writes_by_age ON admin_writes (at_ms);

-- What operators did and looked at. Each entry has the SHA-256 of the one before it. details is a JSON object.
CREATE TABLE audit (
  sequence      INTEGER PRIMARY KEY,
  at_ms         INTEGER NOT NULL,
  operator_kind TEXT NOT NULL,
  operator_id   TEXT NOT NULL,
  operator_name TEXT NOT NULL,
  operator_role TEXT NOT NULL,
  action        TEXT NOT NULL,
  target        TEXT NOT NULL,
  reason        TEXT NOT NULL,
  request_id    TEXT NOT NULL,
  outcome       TEXT NOT NULL,
  details       TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash          TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_operator ON audit (operator_id, sequence);

-- The same by what it is about: its target, and the grants that a search showed (details.grants).
CREATE TABLE audit_targets (
  target   TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (target, sequence)
) STRICT, WITHOUT ROWID;

-- Also when a copy or a restore adds entries.
CREATE TRIGGER audit_targets_added AFTER INSERT ON audit BEGIN
  INSERT OR IGNORE INTO audit_targets (target, sequence) SELECT NEW.target, NEW.sequence WHERE NEW.target <> '';
  INSERT OR IGNORE INTO audit_targets (target, sequence) SELECT 'grant:' || value, NEW.sequence
    FROM json_each(CASE WHEN json_valid(NEW.details) THEN NEW.details ELSE '{}' END, '$.grants') WHERE type = 'text';
END;

CREATE TRIGGER audit_targets_removed AFTER DELETE ON audit BEGIN
  DELETE FROM audit_targets WHERE sequence = OLD.sequence AND (target = OLD.target OR target IN (SELECT 'grant:' || value
    FROM json_each(CASE WHEN json_valid(OLD.details) THEN OLD.details ELSE '{}' END, '$.grants') WHERE type = 'text'));
END;

-- One row: the newest entry of the audit log.
CREATE TABLE audit_head (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  sequence INTEGER NOT NULL,
  hash     TEXT NOT NULL
) STRICT;
