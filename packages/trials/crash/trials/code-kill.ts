import { openCodeMaker } from '../../support/code-maker.ts';
import { runKeyfob } from '../../support/keyfob-process.ts';
import { createChance } from '../../support/chance.ts';
import { createCodeLoad } from '../code-load.ts';
import type { CodeLog } from '../code-load.ts';
import { startOnFixedPort } from '../../support/fixed-port.ts';
import { makeHome } from '../../support/server-store.ts';
import type { OwnHome } from '../../support/server-store.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Trial } from '../trial.ts';

/**
 * `kill -9` while codes are exchanged, `count` times, by clients that send a use again with its `Idempotency-Key` until it
 * is answered. No owner has to be asked twice, and no code gives two grants or two refresh tokens. `grants` is how
 * many owners are there at a time.
 */
export const codeKillTrial: Trial = async ({ count, grants, seed, store, onProgress }) => {
  const chance = createChance(seed);
  const home = await makeHome(store);
  if ('skipped' in home) return home;
  const { starter, server: first } = await startOnFixedPort(home);
  let server = first;
  const codes = openCodeMaker(home.dataDirectory, await home.openStore());
  const load = await createCodeLoad(home, codes, starter.port, grants);
  try {
    for (let kill = 1; kill <= count; kill++) {
      await load.at(chance.pick(['sent', 'answered']), chance.integer(1, grants * 3));
      await server.kill();
      server = await starter.start();
      onProgress(kill, count);
    }
    await load.finish();
    const faults = [...findFaults(load.logs), ...(await findStoreFaults(home, load.logs))];
    const doctor = await runKeyfob(['doctor', '--data', home.dataDirectory], home.environment);
    if (doctor.code !== 0) faults.push(`keyfob doctor ended with ${doctor.code}: ${doctor.stdout}`);
    const sum = (one: (log: CodeLog) => number): number =>
      load.logs.reduce((before, log) => before + one(log), 0);
    const more = {
      kills: count,
      codes: load.logs.length,
      exchangesAnswered: sum(({ answers }) => answers),
      requestsLost: sum(({ lost }) => lost),
    };
    return reportOn([], more, faults);
  } finally {
    load.stop();
    await codes.close();
    if (server.child.exitCode === null && server.child.signalCode === null) await server.kill();
    await home.remove();
  }
};

const findFaults = (logs: readonly CodeLog[]): string[] =>
  logs.flatMap(({ client: { dialect }, refreshTokens, others, isRefreshed }) => [
    ...others.map((other) => `a ${dialect} code was answered ${other}`),
    ...(refreshTokens.size === 1 ? [] : [`a ${dialect} code gave ${refreshTokens.size} refresh tokens`]),
    ...(isRefreshed ? [] : [`what a ${dialect} code gave did not refresh`]),
  ]);

/** In the store: as many grants as codes, each made once and none revoked. */
const findStoreFaults = async (home: OwnHome, logs: readonly CodeLog[]): Promise<string[]> => {
  const store = await home.openStore();
  try {
    const limit = logs.length * 2 + 1;
    const grants = await store.listGrants({ limit });
    const grantEvents = await store.listGrantEvents({ after: 0, limit });
    const created = grantEvents.filter(({ kind }) => kind === 'grant.created');
    const revoked = grants.filter(({ revocation }) => revocation !== undefined);
    return [
      ...(grants.length === logs.length ? [] : [`${logs.length} codes made ${grants.length} grants`]),
      ...(created.length === logs.length ? [] : [`${logs.length} codes made ${created.length} grant events`]),
      ...revoked.map(({ revocation }) => `a grant was revoked: ${revocation?.cause}`),
    ];
  } finally {
    await store.close();
  }
};
