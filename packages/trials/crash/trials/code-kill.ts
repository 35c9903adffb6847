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
 * Kills the server with `kill -9` during code exchanges, `count` times. Clients retry with the same `Idempotency-Key`
 * until they get an answer. No owner has to consent twice, and no code gives two grants or two refresh tokens. `grants`
 * is the number of concurrent owners.
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
    if (doctor.code !== 0) faults.push(`keyfob doctor exited with ${doctor.code}: ${doctor.stdout}`);
    const sum = (read: (log: CodeLog) => number): number =>
      load.logs.reduce((total, log) => total + read(log), 0);
    const more = {
      kills: count,
      codes: load.logs.length,
      exchangesAnswered: sum(({ answers }) => answers),
      requestsLost: sum(({ lostAnswers }) => lostAnswers),
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
  logs.flatMap(({ client: { dialect }, refreshTokens, unexpectedAnswers, isRefreshed }) => [
    ...unexpectedAnswers.map((answer) => `a ${dialect} code got the answer ${answer}`),
    ...(refreshTokens.size === 1 ? [] : [`a ${dialect} code gave ${refreshTokens.size} refresh tokens`]),
    ...(isRefreshed ? [] : [`the refresh token of a ${dialect} code did not rotate`]),
  ]);

/** Checks the store: one grant per code, created once and not revoked. */
const findStoreFaults = async (home: OwnHome, logs: readonly CodeLog[]): Promise<string[]> => {
  const store = await home.openStore();
  try {
    const limit = logs.length * 2 + 1;
    const grants = await store.listGrants({ limit });
    const grantEvents = await store.listGrantEvents({ after: 0, limit });
    const created = grantEvents.filter(({ kind }) => kind === 'grant.created');
    const revoked = grants.filter(({ revocation }) => revocation !== undefined);
    return [
      ...(grants.length === logs.length ? [] : [`${logs.length} codes created ${grants.length} grants`]),
      ...(created.length === logs.length
        ? []
        : [`${logs.length} codes created ${created.length} grant.created events`]),
      ...revoked.map(({ revocation }) => `a grant was revoked: ${revocation?.cause}`),
    ];
  } finally {
    await store.close();
  }
};
