-- Serves keyfob from schema 1 on.
-- One row per client, secrets included, so that every change of a client is a change of this row and of its revision.
-- redirect_uris, policy and secrets are JSON.
CREATE TABLE clients (
  id                   text PRIMARY KEY,
  revision             bigint NOT NULL,
  dialect              text NOT NULL,
  type                 text NOT NULL,
  name                 text NOT NULL,
  redirect_uris        text NOT NULL,
  consent_redirect_uri text,
  -- What owners see besides the name, as a JSON object; the logo in it is base64 of at most 24 KiB.
  profile              text NOT NULL,
  policy               text NOT NULL,
  -- The public keys by which it authenticates, or where it publishes them, as a JSON object.
  client_keys          text,
  -- How it registered itself, and whether an operator approved it, as a JSON object; null where an operator registered it.
  registration         text,
  -- Whether an operator has to look at that.
  waits_for_approval   boolean NOT NULL,
  secrets              text NOT NULL,
  created_at_ms        bigint NOT NULL,
  disabled_at_ms       bigint,
  -- Other clients' tokens are not looked up in imported_tokens.
  has_imported_tokens  boolean NOT NULL DEFAULT false
);

CREATE INDEX clients_by_creation ON clients (created_at_ms, id) INCLUDE (name);
CREATE INDEX clients_by_lifetime ON clients (((policy::jsonb ->> 'accessTokenLifetimeSeconds')::bigint));
CREATE INDEX clients_waiting ON clients (created_at_ms, id) WHERE waits_for_approval;

-- The keys that have made tokens of this store, by their fingerprints, and what an operator decided about them:
-- withdrawn_as is compromised or retired.
CREATE TABLE keys (
  number          integer PRIMARY KEY,
  purpose         text NOT NULL,
  created_at_ms   bigint NOT NULL,
  fingerprint     text NOT NULL,
  withdrawn_as    text,
  withdrawn_at_ms bigint,
  opens_until_ms  bigint
);

-- One row: the newest moment that a server noted, so that the next one can check its clock at the start.
CREATE TABLE clock (
  one        integer PRIMARY KEY CHECK (one = 1),
  seen_at_ms bigint NOT NULL
);

-- One row per grant, forever: a refresh updates it and inserts nothing. Ids are random, so rows and shards fill evenly.
-- No index contains a column that a refresh changes, and pages keep some room, so that the new version of a row stays on
-- its page.
CREATE TABLE grants (
  id                bigint PRIMARY KEY,
  created_at_ms     bigint NOT NULL,
  generation        bigint NOT NULL,
  -- The newest rotation.
  rotated_at_ms     bigint,
  revoked_at_ms     bigint,
  -- The node that issued the current generation: its number times 2^35, and which of its epochs it was (issued-by.ts).
  -- 0: the answer was never given. Null: no node issued it.
  issued_by         bigint,
  key_number        integer NOT NULL,
  revocation_cause  text,
  brand             text,
  client_id         text NOT NULL,
  subject           text NOT NULL,
  scope             text NOT NULL,
  caller_address    text,
  caller_user_agent text,
  use_digest        bytea,
  -- 3 bytes for each gap between the rotations before the newest one, newest first: to the millisecond, second or minute (packed-history.ts).
  earlier_rotations bytea NOT NULL,
  -- What the owner agreed to where the client asked for vehicle data by name (RFC 9396), as a JSON object.
  vehicle_data      text
) WITH (fillfactor = 80);

CREATE INDEX grants_by_client ON grants (client_id, id);
CREATE INDEX grants_revoked ON grants (id) WHERE revoked_at_ms IS NOT NULL;
CREATE INDEX grants_revoked_by_client ON grants (client_id, id) WHERE revoked_at_ms IS NOT NULL;

-- The last replay of a grant, for the operator: one row per grant that ever had one.
CREATE TABLE replays (
  grant_id              bigint PRIMARY KEY,
  times                 bigint NOT NULL,
  at_ms                 bigint NOT NULL,
  generation            bigint NOT NULL,
  gap                   bigint NOT NULL,
  since_rotation_ms     bigint,
  response              text NOT NULL,
  looks_like            text NOT NULL,
  caller_address        text,
  caller_user_agent     text,
  rotated_by_address    text,
  rotated_by_user_agent text
);

-- Authorization codes, dropped some time after they expire. vehicles is JSON.
CREATE TABLE codes (
  grant_id       bigint PRIMARY KEY,
  client_id      text NOT NULL,
  redirect_uri   text NOT NULL,
  code_challenge text,
  -- Of the key that it is bound to (RFC 9449 §10).
  key_thumbprint text,
  issued_at_ms   bigint NOT NULL,
  subject        text NOT NULL,
  scope          text NOT NULL,
  brand          text,
  vehicles       text NOT NULL,
  -- As in grants.
  vehicle_data   text,
  redeemed_at_ms bigint,
  use_digest     bytea,
  -- The node that redeemed it, as in grants.
  issued_by      bigint
);

CREATE INDEX codes_by_age ON codes (issued_at_ms);
CREATE INDEX codes_by_client ON codes (client_id);

-- What devices ask owners for (RFC 8628); dropped an hour after ten minutes. An approved one has a row in codes.
CREATE TABLE device_requests (
  grant_id         bigint PRIMARY KEY,
  client_id        text NOT NULL,
  user_code        text NOT NULL UNIQUE,
  scope            text NOT NULL,
  code_challenge   text,
  issued_at_ms     bigint NOT NULL,
  interval_seconds integer NOT NULL,
  polled_at_ms     bigint,
  -- approved, declined, or NULL until the owner decides.
  settled          text
);

CREATE INDEX device_requests_by_age ON device_requests (issued_at_ms);

-- Ids of assertions and proofs that were used (RFC 7523 §3, RFC 9449 §11.1), as digests; dropped an hour after they expired.
CREATE TABLE used_once (
  digest        bytea PRIMARY KEY,
  expires_at_ms bigint NOT NULL
);

CREATE INDEX used_once_by_expiry ON used_once (expires_at_ms);

-- Owners who are signed in. digest is of the session's id and its owner; dropped soon after half an hour.
CREATE TABLE owner_sessions (
  digest        bytea PRIMARY KEY,
  started_at_ms bigint NOT NULL
);

CREATE INDEX owner_sessions_by_age ON owner_sessions (started_at_ms);

-- The vehicles that a grant covers, as one JSON array. A grant without an owner's choice has no row.
CREATE TABLE covered_vehicles (
  grant_id bigint PRIMARY KEY,
  vehicles text NOT NULL
);

-- The same by VIN, so that the grants of a vehicle are found. Written with covered_vehicles, in one statement.
CREATE TABLE covered_vins (
  vin      text NOT NULL,
  grant_id bigint NOT NULL,
  PRIMARY KEY (vin, grant_id)
);

CREATE INDEX covered_vins_by_grant ON covered_vins (grant_id);

-- The grants of an owner, those that an operator made too. The owner is a digest, because a name may be longer than an index allows.
CREATE TABLE consents (
  subject_digest bytea NOT NULL,
  grant_id       bigint NOT NULL,
  PRIMARY KEY (subject_digest, grant_id)
);

CREATE INDEX consents_by_grant ON consents (grant_id);

-- Refresh tokens that another server issued, by their SHA-256. Each stands for generation 0 of its grant.
CREATE TABLE imported_tokens (
  digest        bytea PRIMARY KEY,
  grant_id      bigint NOT NULL,
  expires_at_ms bigint NOT NULL
);

CREATE INDEX imported_tokens_by_grant ON imported_tokens (grant_id);

-- Everything that happened to grants except refreshes. sequence is made of the database's clock and a random number
-- (grant-events.ts), so that nodes share no counter. vins is JSON.
CREATE TABLE grant_events (
  sequence   bigint PRIMARY KEY,
  id         text NOT NULL,
  at_ms      bigint NOT NULL,
  kind       text NOT NULL,
  grant_id   bigint NOT NULL,
  client_id  text NOT NULL,
  subject    text NOT NULL,
  request_id text,
  cause      text,
  vins       text NOT NULL
);

CREATE INDEX grant_events_by_grant ON grant_events (grant_id, sequence);
CREATE INDEX grant_events_by_client ON grant_events (client_id, sequence);
CREATE INDEX grant_events_by_kind ON grant_events (kind, sequence);
-- By their first characters: a name may be longer than an index allows.
CREATE INDEX grant_events_by_subject ON grant_events (left(subject, 64), sequence);
CREATE INDEX grant_events_by_request ON grant_events (left(request_id, 64), sequence) WHERE request_id IS NOT NULL;

-- The same by VIN, so that the events about a vehicle are found. Written with grant_events, in one statement.
CREATE TABLE grant_event_vins (
  vin      text NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (vin, sequence)
);

CREATE INDEX grant_event_vins_by_sequence ON grant_event_vins (sequence);

-- The receivers of grant events. Their secrets are derived from the key ring and not stored. kinds is JSON.
CREATE TABLE webhooks (
  id             text PRIMARY KEY,
  url            text NOT NULL,
  format         text NOT NULL,
  client_id      text,
  kinds          text NOT NULL,
  key_number     integer NOT NULL,
  created_at_ms  bigint NOT NULL,
  disabled_at_ms bigint
);

-- The outbox: a grant event and the webhook that is to receive it, inserted together with the grant event. next_at_ms is
-- null once the delivery is made or given up.
CREATE TABLE deliveries (
  webhook_id      text NOT NULL,
  grant_event     bigint NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  next_at_ms      bigint,
  delivered_at_ms bigint,
  last_status     integer,
  last_error      text,
  PRIMARY KEY (webhook_id, grant_event)
);

CREATE INDEX deliveries_due ON deliveries (webhook_id, next_at_ms) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deliveries_by_grant_event ON deliveries (grant_event);

-- The newest attempts of each delivery, as it was settled.
CREATE TABLE delivery_attempts (
  webhook_id  text NOT NULL,
  grant_event bigint NOT NULL,
  attempt     integer NOT NULL,
  at_ms       bigint NOT NULL,
  took_ms     bigint NOT NULL,
  status      integer,
  error       text,
  PRIMARY KEY (webhook_id, grant_event, attempt)
);

CREATE INDEX delivery_attempts_by_grant_event ON delivery_attempts (grant_event);

-- The nodes that issue tokens. Every use up to reported_epoch was answered, or is marked in its row. awaited_since_ms:
-- since when another node waits for the report of a later epoch. Both moments are by the clock of the database.
CREATE TABLE nodes (
  number           bigint PRIMARY KEY,
  reported_epoch   bigint NOT NULL,
  last_seen_at_ms  bigint NOT NULL,
  awaited_since_ms bigint
);

-- The processes that serve this database, as they say of themselves every few seconds; dropped a day after the last time.
CREATE TABLE running_nodes (
  id            text PRIMARY KEY,
  version       text NOT NULL,
  host          text NOT NULL,
  process_id    bigint NOT NULL,
  url           text NOT NULL,
  started_at_ms bigint NOT NULL,
  seen_at_ms    bigint NOT NULL,
  skew_ms       bigint NOT NULL
);

-- How often something was refused or replayed, by event, time, cause and client. hours is 1 or 24: a count is added to its hour,
-- which is dropped after 48 hours, and to its day, dropped after 30 days. hour is the first one, since 1970. A client that is unknown, and
-- what has no reason, is an empty text. What is old is found without an index by hour, which lists would be tempted to use.
CREATE TABLE troubles (
  event      text NOT NULL,
  hours      bigint NOT NULL,
  hour       bigint NOT NULL,
  reason     text NOT NULL,
  client_id  text NOT NULL,
  count      bigint NOT NULL,
  last_at_ms bigint NOT NULL,
  PRIMARY KEY (event, hours, hour, reason, client_id)
);

-- Keys with which programs use the admin API, by their SHA-256. client_ids is a JSON array: the clients of a developer.
CREATE TABLE operator_keys (
  id              text PRIMARY KEY,
  name            text NOT NULL,
  role            text NOT NULL,
  client_ids      text NOT NULL,
  digest          bytea NOT NULL UNIQUE,
  created_at_ms   bigint NOT NULL,
  expires_at_ms   bigint NOT NULL,
  last_used_at_ms bigint
);

-- What lets an app register itself (RFC 7591 §3), by its SHA-256. terms is a JSON object: what its clients may have.
CREATE TABLE registration_tokens (
  id            text PRIMARY KEY,
  name          text NOT NULL,
  digest        bytea NOT NULL UNIQUE,
  terms         text NOT NULL,
  uses_left     integer NOT NULL,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL
);

-- Operators who are signed in, and links that nobody used yet. digest is of the secret; operator is a JSON object.
CREATE TABLE operator_sessions (
  digest        bytea PRIMARY KEY,
  kind          text NOT NULL,
  operator      text NOT NULL,
  started_at_ms bigint NOT NULL,
  used_at_ms    bigint NOT NULL
);

CREATE INDEX operator_sessions_by_age ON operator_sessions (started_at_ms);

-- Writes of the admin API that were asked for, by the digest of their Idempotency-Key; dropped after a day. body: the digest of what was asked for.
CREATE TABLE admin_writes (
  digest bytea PRIMARY KEY,
  body   bytea NOT NULL,
  at_ms  bigint NOT NULL
);

CREATE INDEX admin_writes_by_age ON admin_writes (at_ms);

-- What operators did and looked at. Each entry has the SHA-256 of the one before it. details is a JSON object.
CREATE TABLE audit (
  sequence      bigint PRIMARY KEY,
  at_ms         bigint NOT NULL,
  operator_kind text NOT NULL,
  operator_id   text NOT NULL,
  operator_name text NOT NULL,
  operator_role text NOT NULL,
  action        text NOT NULL,
  target        text NOT NULL,
  reason        text NOT NULL,
  request_id    text NOT NULL,
  outcome       text NOT NULL,
  details       text NOT NULL,
  previous_hash text NOT NULL,
  hash          text NOT NULL
);

-- The same by what it is about: its target, and the grants that a search showed (details.grants). Written with audit.
CREATE TABLE audit_targets (
  target   text NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (target, sequence)
);

CREATE INDEX audit_targets_by_sequence ON audit_targets (sequence);
CREATE INDEX audit_by_operator ON audit (operator_id, sequence);

-- One row: the newest entry of the audit log. Its lock keeps the entries in one chain.
CREATE TABLE audit_head (
  one      integer PRIMARY KEY CHECK (one = 1),
  sequence bigint NOT NULL,
  hash     text NOT NULL
);
