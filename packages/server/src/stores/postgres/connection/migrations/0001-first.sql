-- Serves keyfob from schema 1 on.
-- A client is one row, secrets included, so that every change of it is one row's and moves its revision.
-- redirect_uris, policy and secrets are JSON.
CREATE TABLE clients (
  id                   text PRIMARY KEY,
  revision             bigint NOT NULL,
  dialect              text NOT NULL,
  type                 text NOT NULL,
  name                 text NOT NULL,
  redirect_uris        text NOT NULL,
  consent_redirect_uri text,
  policy               text NOT NULL,
  secrets              text NOT NULL,
  created_at           bigint NOT NULL,
  disabled_at          bigint
);

-- Which keys have sealed tokens here. Fingerprints, not keys.
CREATE TABLE keys (
  number      integer PRIMARY KEY,
  created_at  bigint NOT NULL,
  fingerprint text NOT NULL
);

-- One row a grant, for ever: a refresh advances it and inserts nothing. Ids are random, so rows and shards fill evenly.
-- No index holds a column that a refresh changes, and pages keep some room, so that its new version stays on the page.
-- rotated_at_ms is the newest rotation; earlier holds 3 bytes for each gap before it, newest first (history.ts).
CREATE TABLE grants (
  id                bigint PRIMARY KEY,
  created_at        bigint NOT NULL,
  generation        bigint NOT NULL,
  rotated_at_ms     bigint,
  revoked_at        bigint,
  key_number        integer NOT NULL,
  revocation_cause  text,
  brand             text,
  client_id         text NOT NULL,
  subject           text NOT NULL,
  scope             text NOT NULL,
  caller_address    text,
  caller_user_agent text,
  use_digest        bytea,
  earlier           bytea NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX grants_by_client ON grants (client_id, id);

-- The last replay of a grant, kept for the operator: one row for each grant that ever saw one.
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

-- What an owner agreed to and a client has yet to come for; dropped soon after its ten minutes. vehicles is JSON.
CREATE TABLE codes (
  grant_id       bigint PRIMARY KEY,
  client_id      text NOT NULL,
  redirect_uri   text NOT NULL,
  code_challenge text,
  issued_at      bigint NOT NULL,
  subject        text NOT NULL,
  scope          text NOT NULL,
  brand          text,
  vehicles       text NOT NULL,
  redeemed_at_ms bigint,
  use_digest     bytea
);

CREATE INDEX codes_by_age ON codes (issued_at);
CREATE INDEX codes_by_client ON codes (client_id);

-- What a grant covers, whole: vehicles is JSON. A grant made on the command line has no row.
CREATE TABLE covered_vehicles (
  grant_id bigint PRIMARY KEY,
  vehicles text NOT NULL
);

-- The grants that an owner gave by consent. Owners by a digest of their name, which may be longer than an index allows.
CREATE TABLE consents (
  subject_digest bytea NOT NULL,
  grant_id       bigint NOT NULL,
  PRIMARY KEY (subject_digest, grant_id)
);

CREATE INDEX consents_by_grant ON consents (grant_id);

-- What happened to grants other than that they were refreshed. sequence is made of the database's clock and chance
-- (grant-events.ts), so that no counter has to be shared. vins is JSON.
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

-- Who is told of grant events. Their secrets are derived from the key ring and kept nowhere. kinds is JSON.
CREATE TABLE webhooks (
  id          text PRIMARY KEY,
  url         text NOT NULL,
  format      text NOT NULL,
  client_id   text,
  kinds       text NOT NULL,
  key_number  integer NOT NULL,
  created_at  bigint NOT NULL,
  disabled_at bigint
);

-- The outbox: a grant event and who is to be told of it, inserted with the grant event. next_at_ms is null when it is over.
CREATE TABLE deliveries (
  webhook_id      text NOT NULL,
  grant_event            bigint NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  next_at_ms      bigint,
  delivered_at_ms bigint,
  last_status     integer,
  last_error      text,
  PRIMARY KEY (webhook_id, grant_event)
);

CREATE INDEX deliveries_due ON deliveries (webhook_id, next_at_ms) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deliveries_by_grant_event ON deliveries (grant_event);
