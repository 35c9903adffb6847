import { openDeployment, storeNameOf } from '../exports/index.ts';
import type { Config, Deployment } from '../exports/index.ts';
import { OperatorError } from '../exports/errors.ts';
import { readNow } from '../exports/grants.ts';
import type { Millis } from '../exports/grants.ts';
import { inspectSharedStore } from '../exports/maintenance.ts';
import type { SharedStoreFacts } from '../exports/maintenance.ts';
import { examineSharedClock } from './doctor-clock.ts';
import { examineScopes } from './doctor-scopes.ts';
import { examineKeys } from './doctor-keys.ts';
import { examineSecrets } from './doctor-secrets.ts';
import { bad, ok, warnOf } from './finding.ts';
import type { Finding } from './finding.ts';

const ROUND_TRIP_WARN_MS = 20;

/** Checks the database that nodes share, in the way a server opens it. */
export const examineSharedStore = async (config: Config): Promise<readonly Finding[]> => {
  const name = storeNameOf(config);
  let deployment: Deployment | undefined;
  try {
    deployment = await openDeployment(config);
    const facts = await inspectSharedStore(config);
    if (facts === undefined) return [];
    const clients = await deployment.store.listClients();
    const { version, schema, newestSchema, grants, synchronousCommit, standbys, roundTripMs, transport } =
      facts;
    const about = grants < 0 ? 'number of grants unknown yet' : `about ${grants} grants`;
    const newer = schema > newestSchema ? `, newer than this version's ${newestSchema}` : '';
    return [
      ok('store', `${name}, PostgreSQL ${version}, schema ${schema}${newer}, ${about}`),
      ok('durability', describeCommits(synchronousCommit, standbys)),
      ...examineKeys(await deployment.store.listKeys(), readNow(deployment)),
      warnOf(examineSecrets(clients, readNow(deployment))),
      warnOf(examineScopes(deployment.scopes, clients)),
      examineTransport(transport),
      examineRoundTrip(roundTripMs),
      examineSharedClock(deployment.time),
    ];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [bad(error.code.startsWith('key') ? 'keys' : 'store', 'fail', error.message, error.remedy)];
  } finally {
    await deployment?.close();
  }
};

const describeCommits = (synchronousCommit: string, standbys: string): string =>
  standbys === '' || synchronousCommit === 'local'
    ? `synchronous_commit = ${synchronousCommit}: every commit is on the primary's disk; after a loss of the primary, clients resynchronise`
    : `synchronous_commit = ${synchronousCommit}: every commit is on the primary's disk and on ${standbys}`;

const REMEDY_OF_TRANSPORT =
  'Add sslmode=verify-full to KEYFOB_STORE, and sslrootcert=FILE if its authority is your own.';

const examineTransport = (transport: SharedStoreFacts['transport']): Finding => {
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
