/** The moment by the clock of the database, which all processes share: when the statement arrived. */
export const NOW = 'floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint';

/** Over so many rows the count of stored pairs is spread, so that refreshes do not wait for each other. */
export const COUNTERS = 16;

/**
 * The tables, one entry per version. After the first release an entry is never edited: a change is a new one.
 *
 * They are those of SQLite, with a prefix, so that a keeper and its application can share a database. Names and ids are
 * compared byte by byte, whatever language the database sorts by. `fillfactor` leaves room for new versions of a row beside
 * the old one.
 */
export const SCHEMA: readonly string[] = [
  `
  CREATE TABLE keeper_deployment (
    one integer PRIMARY KEY CHECK (one = 1),
    id text NOT NULL,
    key_check bytea
  );
  CREATE TABLE keeper_counters (
    number integer PRIMARY KEY,
    pairs bigint NOT NULL
  ) WITH (fillfactor = 20);
  CREATE TABLE keeper_grants (
    id text COLLATE "C" PRIMARY KEY,
    client text COLLATE "C" NOT NULL,
    params text NOT NULL,
    generation bigint NOT NULL,
    epoch bigint NOT NULL,
    state text NOT NULL,
    cause text,
    since_ms bigint NOT NULL,
    sealed bytea NOT NULL,
    lookup bytea NOT NULL,
    issued_at_ms bigint NOT NULL,
    access_expires_at_ms bigint NOT NULL,
    refresh_expires_at_ms bigint,
    ends_at_ms bigint,
    fence bigint NOT NULL,
    lease_owner text,
    lease_at_ms bigint,
    lease_until_ms bigint,
    sends bigint NOT NULL,
    first_sent_at_ms bigint,
    last_sent_at_ms bigint,
    failures bigint NOT NULL,
    due_at_ms bigint,
    due_rank smallint,
    held_until_ms bigint,
    asked_at_ms bigint,
    is_at_risk smallint NOT NULL
  ) WITH (fillfactor = 70);
  CREATE UNIQUE INDEX keeper_grants_by_lookup ON keeper_grants (lookup) WHERE state <> 'closed';
  CREATE INDEX keeper_grants_by_due ON keeper_grants (client, due_rank, due_at_ms) WHERE due_at_ms IS NOT NULL;
  CREATE INDEX keeper_grants_by_lease ON keeper_grants (lease_owner) WHERE lease_owner IS NOT NULL;
  CREATE INDEX keeper_grants_by_end ON keeper_grants (client, refresh_expires_at_ms)
    WHERE refresh_expires_at_ms IS NOT NULL AND state NOT IN ('dead', 'closed');
  CREATE INDEX keeper_grants_by_state ON keeper_grants (state, client, cause);
  CREATE TABLE keeper_connections (
    name text COLLATE "C" PRIMARY KEY,
    grant_id text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL
  );
  CREATE INDEX keeper_connections_by_grant ON keeper_connections (grant_id);
  CREATE INDEX keeper_connections_by_client ON keeper_connections (client, name);
  CREATE TABLE keeper_attempts (
    id text COLLATE "C" PRIMARY KEY,
    grant_id text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    fingerprint bytea NOT NULL,
    sent_at_ms bigint NOT NULL,
    outcome text,
    status integer,
    request_id text,
    took_ms bigint
  );
  CREATE INDEX keeper_attempts_by_grant ON keeper_attempts (grant_id, sent_at_ms);
  CREATE INDEX keeper_attempts_by_fingerprint ON keeper_attempts (fingerprint);
  CREATE INDEX keeper_attempts_by_time ON keeper_attempts (sent_at_ms);
  CREATE TABLE keeper_answers (
    id text COLLATE "C" PRIMARY KEY,
    grant_id text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    epoch bigint NOT NULL,
    sealed bytea NOT NULL,
    sent_at_ms bigint NOT NULL,
    received_at_ms bigint NOT NULL
  );
  CREATE INDEX keeper_answers_by_grant ON keeper_answers (grant_id, received_at_ms);
  CREATE TABLE keeper_commits (
    id uuid PRIMARY KEY,
    at_ms bigint NOT NULL
  );
  CREATE INDEX keeper_commits_by_time ON keeper_commits (at_ms);
  CREATE TABLE keeper_clients (
    name text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    facts text NOT NULL
  );
  CREATE TABLE keeper_events (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms bigint NOT NULL,
    grant_id text COLLATE "C",
    kind text NOT NULL,
    event text NOT NULL,
    once text COLLATE "C" UNIQUE,
    held_until_ms bigint,
    acknowledged_at_ms bigint
  );
  CREATE INDEX keeper_events_waiting ON keeper_events (number) WHERE acknowledged_at_ms IS NULL;
  CREATE INDEX keeper_events_of_grant ON keeper_events (grant_id, number)
    WHERE acknowledged_at_ms IS NULL AND kind = 'needs_consent';
  CREATE INDEX keeper_events_by_end ON keeper_events (acknowledged_at_ms) WHERE acknowledged_at_ms IS NOT NULL;
  INSERT INTO keeper_counters (number, pairs) SELECT number, 0 FROM generate_series(0, ${COUNTERS - 1}) AS number;
  `,
  `
  CREATE TABLE keeper_service_keys (
    name text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    scopes text NOT NULL,
    name_prefix text,
    created_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    used_at_ms bigint
  );
  ALTER TABLE keeper_events ADD COLUMN fanned_at_ms bigint;
  CREATE INDEX keeper_events_unfanned ON keeper_events (number) WHERE fanned_at_ms IS NULL;
  CREATE TABLE keeper_deliveries (
    endpoint text COLLATE "C" NOT NULL,
    event bigint NOT NULL,
    lane text COLLATE "C" NOT NULL,
    body text NOT NULL,
    created_at_ms bigint NOT NULL,
    next_at_ms bigint NOT NULL,
    attempts integer NOT NULL,
    done_at_ms bigint,
    outcome text,
    status integer,
    error text,
    PRIMARY KEY (endpoint, event)
  );
  CREATE INDEX keeper_deliveries_due ON keeper_deliveries (endpoint, next_at_ms) WHERE done_at_ms IS NULL;
  CREATE INDEX keeper_deliveries_by_lane ON keeper_deliveries (endpoint, lane, event) WHERE done_at_ms IS NULL;
  CREATE INDEX keeper_deliveries_by_time ON keeper_deliveries (created_at_ms);
  `,
  `
  CREATE TABLE keeper_replaced_tokens (
    name text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    replaced_at_ms bigint NOT NULL,
    PRIMARY KEY (name, fingerprint)
  );
  CREATE INDEX keeper_replaced_tokens_by_time ON keeper_replaced_tokens (replaced_at_ms);
  `,
  `
  CREATE TABLE keeper_consents (
    digest bytea PRIMARY KEY,
    owner text NOT NULL,
    lease_until_ms bigint NOT NULL,
    sent_at_ms bigint,
    outcome text,
    code text,
    ends_at_ms bigint NOT NULL
  );
  CREATE INDEX keeper_consents_by_end ON keeper_consents (ends_at_ms);
  `,
  `
  ALTER TABLE keeper_grants ADD COLUMN revoke_at_ms bigint;
  ALTER TABLE keeper_grants ADD COLUMN revoke_tries integer;
  ALTER TABLE keeper_grants ADD COLUMN revoke_name text COLLATE "C";
  CREATE INDEX keeper_grants_by_revocation ON keeper_grants (client, revoke_at_ms) WHERE revoke_at_ms IS NOT NULL;
  CREATE INDEX keeper_grants_revoked_by_name ON keeper_grants (revoke_name) WHERE revoke_at_ms IS NOT NULL;
  CREATE INDEX keeper_grants_revoked_by_lookup ON keeper_grants (lookup) WHERE revoke_at_ms IS NOT NULL;
  `,
  'ALTER TABLE keeper_service_keys ADD COLUMN binding bytea',
  'ALTER TABLE keeper_connections ADD COLUMN binding bytea',
];
