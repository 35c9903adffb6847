import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { WORKSPACE } from '../../package/manifests.ts';
import { createChance } from '../../support/chance.ts';
import { startOnFixedPort } from '../../support/fixed-port.ts';
import { runKeyfob } from '../../support/keyfob-process.ts';
import { findPort } from '../../support/postgres/cluster.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import { makeHome } from '../../support/server-store.ts';
import type { Home } from '../../support/server-store.ts';
import { nginx, startProxy } from '../../support/system-proxy.ts';
import type { Trial } from '../trial.ts';

const OLD_TOKENS_PER_GRANT = 20;

const textOf = (path: string): string => readFileSync(join(WORKSPACE, path), 'utf8');

/** What compose.yaml and the file of the proxy set for a node, with the defaults of their own variables. */
const readSettings = (): Readonly<Record<string, string>> => {
  const environments = ['compose.yaml', 'deploy/compose/compose.yaml'].map((path) => {
    const { 'x-node': node } = parse(textOf(path).replace('!reset', '')) as {
      readonly 'x-node': { readonly environment: Readonly<Record<string, string>> };
    };
    return node.environment;
  });
  const texts = Object.entries(Object.assign({}, ...environments) as Readonly<Record<string, string>>);
  return Object.fromEntries(texts.map(([name, text]) => [name, text.replace(/^\$\{\w+:-(.*)\}$/, '$1')]));
};

/** The configuration of the proxy, with ports of this machine for the names and ports of compose. */
const readProxy = (ports: readonly number[], port: number): string =>
  ports
    .reduce(
      (text, node, index) => text.replace(`server keyfob-${index + 1}:8787`, `server 127.0.0.1:${node}`),
      textOf('deploy/compose/nginx.conf'),
    )
    .replace('listen 8080;', `listen 127.0.0.1:${port};`);

/**
 * The processes of compose with its proxy: nginx in front of two nodes on one PostgreSQL. Each node in turn is killed with
 * `kill -9` under refresh load, and starts again once every grant was refreshed at the other. Clients know the proxy only.
 */
export const proxiedTrial: Trial = async ({ count, grants, seed, onProgress }) => {
  if (nginx.skip !== false) return { skipped: nginx.skip };
  const chance = createChance(seed);
  const own = await makeHome('postgres');
  if ('skipped' in own) return own;
  const home: Home = {
    ...own,
    environment: { ...readSettings(), KEYFOB_ADMIN_PORT: '0', ...own.environment },
  };
  const closing: (() => unknown)[] = [own.remove];
  const scope = { after: (close: () => unknown) => void closing.push(close) };
  // The other node knows which uses the killed one may not have answered.
  const kinds = CLIENT_KINDS.map((kind) => ({ ...kind, mayLoseGrants: false }));
  try {
    const nodes = [await startOnFixedPort(home), await startOnFixedPort(home)];
    const servers = nodes.map(({ server }) => server);
    scope.after(() => Promise.all(servers.map((server) => server.kill())));
    const port = await findPort();
    const block = readProxy(
      nodes.map(({ starter }) => starter.port),
      port,
    );
    await startProxy(scope, nginx, { port, block });
    const load = await createLoad(home, kinds, grants, chance.fork());
    scope.after(() => load.close());
    load.start(port);
    await load.untilAllRefreshed();
    for (let kill = 0; kill < count; kill++) {
      const victim = kill % nodes.length;
      await load.at(chance.pick(['sent', 'answered']), chance.integer(1, grants * 5));
      await servers[victim]?.kill();
      await load.untilAllRefreshed();
      const { starter } = nodes[victim] ?? {};
      if (starter !== undefined) servers[victim] = await starter.start();
      await load.untilAllRefreshed();
      onProgress(kill + 1, count);
    }
    await load.finish();
    await load.presentOld(OLD_TOKENS_PER_GRANT);
    const codes = await Promise.all(servers.map((server) => server.stop()));
    const faults = codes.filter((code) => code !== 0).map((code) => `a node exited with ${code}`);
    const doctor = await runKeyfob(['doctor', '--data', home.dataDirectory], home.environment);
    if (doctor.code !== 0) faults.push(`keyfob doctor exited with ${doctor.code}: ${doctor.stdout}`);
    return reportOn(load.logs, { kills: count }, faults);
  } finally {
    for (const close of closing.toReversed()) await close();
  }
};
