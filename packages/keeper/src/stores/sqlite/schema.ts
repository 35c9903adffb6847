/**
 * The tables, one entry per version. After the first release an entry is never edited: a change is a new one.
 *
 * One row per grant, updated in place: nothing grows with refreshes but `attempts`, which are pruned. `held_until_ms` keeps
 * a due grant from a second process; it says nothing about the right to send, which is the lease. `tallies` has the counts
 * of grants, so that nobody reads a million rows to show five numbers. A connection has the client of its grant, for lists.
 */
export const SCHEMA: readonly string[] = [
  `
  CREATE TABLE deployment (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    high_water INTEGER NOT NULL,
    key_check BLOB
  ) STRICT;
  CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    params TEXT NOT NULL,
    generation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    state TEXT NOT NULL,
    cause TEXT,
    since_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    lookup BLOB NOT NULL,
    issued_at_ms INTEGER NOT NULL,
    access_expires_at_ms INTEGER NOT NULL,
    refresh_expires_at_ms INTEGER,
    ends_at_ms INTEGER,
    fence INTEGER NOT NULL,
    lease_owner TEXT,
    lease_at_ms INTEGER,
    lease_until_ms INTEGER,
    sends INTEGER NOT NULL,
    first_sent_at_ms INTEGER,
    last_sent_at_ms INTEGER,
    failures INTEGER NOT NULL,
    due_at_ms INTEGER,
    due_rank INTEGER,
    held_until_ms INTEGER,
    asked_at_ms INTEGER,
    is_at_risk INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX grants_by_lookup ON grants (lookup) WHERE state <> 'closed';
  CREATE INDEX grants_by_due ON grants (client, due_rank, due_at_ms) WHERE due_at_ms IS NOT NULL;
  CREATE INDEX grants_by_lease ON grants (lease_owner) WHERE lease_owner IS NOT NULL;
  CREATE INDEX grants_by_end ON grants (client, refresh_expires_at_ms, id, state)
    WHERE refresh_expires_at_ms IS NOT NULL AND state NOT IN ('dead', 'closed');
  CREATE INDEX grants_by_trouble ON grants (state, client) WHERE state NOT IN ('active', 'inflight');
  CREATE TABLE tallies (
    client TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    grants INTEGER NOT NULL,
    PRIMARY KEY (client, state, cause)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER grants_tallied AFTER INSERT ON grants BEGIN
    INSERT INTO tallies VALUES (new.client, new.state, coalesce(new.cause, ''), 1)
      ON CONFLICT DO UPDATE SET grants = grants + 1;
  END;
  CREATE TRIGGER grants_tallied_anew AFTER UPDATE OF client, state, cause ON grants
    WHEN old.client <> new.client OR old.state <> new.state OR old.cause IS NOT new.cause
  BEGIN
    UPDATE tallies SET grants = grants - 1
      WHERE client = old.client AND state = old.state AND cause = coalesce(old.cause, '');
    INSERT INTO tallies VALUES (new.client, new.state, coalesce(new.cause, ''), 1)
      ON CONFLICT DO UPDATE SET grants = grants + 1;
  END;
  CREATE TABLE connections (
    name TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL,
    client TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX connections_by_grant ON connections (grant_id);
  CREATE INDEX connections_by_client ON connections (client, name);
  CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    outcome TEXT,
    status INTEGER,
    request_id TEXT,
    took_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX attempts_by_grant ON attempts (grant_id, sent_at_ms);
  CREATE INDEX attempts_by_fingerprint ON attempts (fingerprint);
  CREATE INDEX attempts_by_time ON attempts (sent_at_ms);
  CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX answers_by_grant ON answers (grant_id, received_at_ms);
  CREATE TABLE clients (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    facts TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    grant_id TEXT,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    once TEXT UNIQUE,
    held_until_ms INTEGER,
    acknowledged_at_ms INTEGER
  ) STRICT;
  CREATE INDEX events_waiting ON events (number) WHERE acknowledged_at_ms IS NULL;
  CREATE INDEX events_of_grant ON events (grant_id, number)
    WHERE acknowledged_at_ms IS NULL AND kind = 'needs_consent';
  CREATE INDEX events_by_end ON events (acknowledged_at_ms) WHERE acknowledged_at_ms IS NOT NULL;
  `,
  `
  CREATE TABLE service_keys (
    name TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    name_prefix TEXT,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    used_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE events ADD COLUMN fanned_at_ms INTEGER;
  CREATE INDEX events_unfanned ON events (number) WHERE fanned_at_ms IS NULL;
  CREATE TABLE deliveries (
    endpoint TEXT NOT NULL,
    event INTEGER NOT NULL,
    lane TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    done_at_ms INTEGER,
    outcome TEXT,
    status INTEGER,
    error TEXT,
    PRIMARY KEY (endpoint, event)
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (endpoint, next_at_ms) WHERE done_at_ms IS NULL;
  CREATE INDEX deliveries_by_lane ON deliveries (endpoint, lane, event) WHERE done_at_ms IS NULL;
  CREATE INDEX deliveries_by_time ON deliveries (created_at_ms);
  `,
  `
  CREATE TABLE replaced_tokens (
    name TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    replaced_at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, fingerprint)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX replaced_tokens_by_time ON replaced_tokens (replaced_at_ms);
  `,
  `
  DROP INDEX grants_by_trouble;
  CREATE INDEX grants_by_trouble ON grants (state, since_ms, cause) WHERE state NOT IN ('active', 'inflight');
  ALTER TABLE deployment ADD COLUMN connections INTEGER NOT NULL DEFAULT 0;
  UPDATE deployment SET connections = (SELECT count(*) FROM connections);
  CREATE TRIGGER connections_added AFTER INSERT ON connections BEGIN
    UPDATE deployment SET connections = connections + 1;
  END;
  CREATE TRIGGER connections_removed AFTER DELETE ON connections BEGIN
    UPDATE deployment SET connections = connections - 1;
  END;
  `,
  'ALTER TABLE deployment ADD COLUMN clock TEXT',
  `
  CREATE TABLE consents (
    digest BLOB PRIMARY KEY,
    owner TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    sent_at_ms INTEGER,
    outcome TEXT,
    code TEXT,
    ends_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX consents_by_end ON consents (ends_at_ms);
  `,
  `
  ALTER TABLE grants ADD COLUMN revoke_at_ms INTEGER;
  ALTER TABLE grants ADD COLUMN revoke_tries INTEGER;
  ALTER TABLE grants ADD COLUMN revoke_name TEXT;
  CREATE INDEX grants_by_revocation ON grants (client, revoke_at_ms) WHERE revoke_at_ms IS NOT NULL;
  CREATE INDEX grants_revoked_by_name ON grants (revoke_name) WHERE revoke_at_ms IS NOT NULL;
  CREATE INDEX grants_revoked_by_lookup ON grants (lookup) WHERE revoke_at_ms IS NOT NULL;
  `,
  'ALTER TABLE service_keys ADD COLUMN binding BLOB',
  'ALTER TABLE connections ADD COLUMN binding BLOB',
];
