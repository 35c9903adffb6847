import type { Config } from '../../config.ts';
import type { Millis } from '../../clock.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import type { PostgresFacts } from '../../stores/postgres/connection/inspect.ts';
import { storeNameOf } from '../names.ts';

const ROUND_TRIP_WARN_MS = 20;

/** What the database that nodes share says of itself. */
export const examineDatabase = (config: Config, facts: PostgresFacts): readonly Finding[] => {
  const { version, schema, newestSchema, grants, synchronousCommit, standbys } = facts;
  const about = grants < 0 ? 'number of grants unknown yet' : `about ${grants} grants`;
  const newer = schema > newestSchema ? `, newer than this version's ${newestSchema}` : '';
  return [
    ok('store', `${storeNameOf(config)}, PostgreSQL ${version}, schema ${schema}${newer}, ${about}`),
    ok('durability', describeCommits(synchronousCommit, standbys)),
    examineTransport(facts.transport),
    examineRoundTrip(facts.roundTripMs),
  ];
};

const describeCommits = (synchronousCommit: string, standbys: string): string =>
  standbys === '' || synchronousCommit === 'local'
    ? `synchronous_commit = ${synchronousCommit}: every commit is on the primary's disk; after a loss of the primary, clients resynchronise`
    : `synchronous_commit = ${synchronousCommit}: every commit is on the primary's disk and on ${standbys}`;

const REMEDY_OF_TRANSPORT =
  'Add sslmode=verify-full to KEYFOB_STORE, and sslrootcert=FILE if its authority is your own.';

const examineTransport = (transport: PostgresFacts['transport']): Finding => {
  switch (transport) {
    case 'local':
      return ok('transport', 'the database is on this machine');
    case 'verified':
      return ok('transport', 'TLS, certificate and name checked');
    case 'of_authority':
      return ok('transport', 'TLS, certificate checked, name not');
    case 'unverified':
      return bad(
        'transport',
        'warn',
        'TLS without a check of the certificate: a machine in between could be the database',
        REMEDY_OF_TRANSPORT,
      );
    case 'plain':
      return bad(
        'transport',
        'warn',
        'not encrypted: anyone on the network in between can read and change what is stored',
        REMEDY_OF_TRANSPORT,
      );
  }
};

const examineRoundTrip = (roundTripMs: Millis): Finding => {
  const finding = `${roundTripMs.toFixed(1)} ms per round trip`;
  if (roundTripMs < ROUND_TRIP_WARN_MS) return ok('distance', finding);
  return bad(
    'distance',
    'warn',
    finding,
    'Run the nodes near the database: every refresh is one round trip.',
  );
};
