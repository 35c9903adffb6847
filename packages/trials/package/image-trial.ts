import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MadeClient } from '../support/keyfob-process.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { findPort } from '../support/postgres/cluster.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { grantFor } from '../support/test-directory.ts';
import { startContainer } from './container.ts';
import type { Container } from './container.ts';
import type { ImageStore } from './image-store.ts';
import { readYaml } from './manifests.ts';
import type { Workload } from './manifests.ts';
import { planPod, planService } from './plans.ts';
import type { Place } from './plans.ts';

const DEPLOYMENT = 'deploy/kubernetes/deployment.yaml';
const JOB = 'deploy/kubernetes/migrate-job.yaml';
const BIN = 'node_modules/.bin/keyfob';
const POLL_MS = 50;
const TIMEOUT_MS = 30_000;

/** A node in a container. */
type Node = { readonly name: string; readonly container: Container; readonly ports: Place['ports'] };

/** Tests an image on a database: one node as in Kubernetes, one as in compose. `report` gets the results. */
export const tryImage = async (
  images: ImageStore,
  name: string,
  { cluster, report }: { readonly cluster: Cluster; report(line: string): void },
): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-image-'));
  const mounted = await images.mount(name);
  const config = await images.readConfig(name);
  const started: Container[] = [];
  const makePlace = async (folder: string, key: string): Promise<Place> => {
    const ports = { public: await findPort(), admin: await findPort() };
    const place = { root: mounted.root, config, directory: join(directory, folder), key, ports };
    mkdirSync(place.directory);
    return { ...place, storeUrl: cluster.url() };
  };
  const start = (plan: Parameters<typeof startContainer>[0]): Container => {
    const container = startContainer(plan);
    started.push(container);
    return container;
  };
  const runToEnd = async (plan: Parameters<typeof startContainer>[0]): Promise<string> => {
    const container = start(plan);
    assert.equal(await container.exited, 0, container.output());
    return container.output();
  };

  try {
    const bare = { root: mounted.root, config, environment: {}, mounts: [] };
    const key = await runToEnd({ ...bare, args: ['keys', 'create'] });
    report('`keys create` works without mounts');
    report(`the Job: ${(await runToEnd(planPod(await makePlace('job', key), JOB))).trim()}`);
    const [podPlace, servicePlace] = [await makePlace('pod', key), await makePlace('service', key)];
    const pod = {
      name: 'Kubernetes',
      ports: podPlace.ports,
      container: start(planPod(podPlace, DEPLOYMENT)),
    };
    const service = {
      name: 'compose',
      ports: servicePlace.ports,
      container: start(planService(servicePlace, 'keyfob-1')),
    };
    const nodes = [pod, service];
    for (const node of nodes) await tryNode(node, config.Healthcheck.Test.slice(1), report);
    await refreshAt(nodes);
    report('one node accepts the tokens of the other');
    await cluster.stop();
    for (const node of nodes) await tryOutage(node, config.Healthcheck.Test.slice(1));
    report('without its database a node is alive but not ready, and its health check fails');
    await cluster.start();
    for (const node of nodes) await untilAnswer(node.ports.admin, '/readyz', 200, node);
    for (const node of nodes) report(await stop(node));
  } finally {
    for (const container of started) await container.signal('KILL').catch(() => {});
    await Promise.all(started.map(({ exited }) => exited));
    await mounted.remove();
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Checks every property of a node that serves. */
const tryNode = async (
  node: Node,
  check: readonly string[],
  report: (line: string) => void,
): Promise<void> => {
  const { name, container, ports } = node;
  await untilAnswer(ports.admin, '/livez', 200, node);
  await untilAnswer(ports.admin, '/readyz', 200, node);
  for (const path of ['/livez', '/readyz', '/metrics']) {
    assert.equal(await statusOf(ports.admin, path), 200, path);
    assert.equal(await statusOf(ports.public, path), 404, path);
  }
  assert.equal((await container.run(...check)).code, 0);
  const words =
    'id -u; grep -E "^(CapEff|NoNewPrivs)" /proc/1/status; touch /keyfob/a; touch /tmp/a; tr "\\0" " " < /proc/1/cmdline';
  const { stdout, stderr } = await container.run('sh', '-c', words);
  assert.match(stdout, /^1000\nCapEff:\t0+\nNoNewPrivs:\t1\nnode .*keyfob\.js serve/);
  assert.equal(stderr.match(/Read-only file system/g)?.length, 2, stderr);
  const doctor = await container.run(BIN, 'doctor');
  assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
  report(
    `${name}: serves as user 1000 on a read-only root, /livez /readyz /metrics on the admin port only, healthy`,
  );
};

/** Creates a grant with commands in one node and refreshes it at each node in turn. */
const refreshAt = async (nodes: readonly Node[]): Promise<void> => {
  const [{ container } = assert.fail()] = nodes;
  const { client, grant } = await grantFor(
    {
      async command<Output>(...words: readonly string[]) {
        const ended = await container.run(BIN, ...words, '--json');
        assert.equal(ended.code, 0, ended.stderr);
        return JSON.parse(ended.stdout) as Output;
      },
    },
    'smartcar',
  );
  let { refreshToken } = grant;
  for (const node of [...nodes, ...nodes]) refreshToken = await refresh(node, client, refreshToken);
};

const refresh = async ({ ports }: Node, client: MadeClient, token: string): Promise<string> => {
  const answer = await refreshSmartcar(`http://127.0.0.1:${ports.public}`, client, token);
  assert.equal(answer.status, 200, answer.text);
  return answer.refreshToken;
};

const tryOutage = async (node: Node, check: readonly string[]): Promise<void> => {
  await untilAnswer(node.ports.admin, '/readyz', 503, node);
  assert.equal(await statusOf(node.ports.admin, '/livez'), 200);
  assert.notEqual((await node.container.run(...check)).code, 0);
};

/** Stops a node as Kubernetes does: runs the preStop command, then sends SIGTERM to the first process. */
const stop = async ({ name, container }: Node): Promise<string> => {
  const { spec } = (readYaml(DEPLOYMENT) as Workload).spec.template;
  const command = spec.containers[0]?.lifecycle?.preStop.exec.command ?? assert.fail('no preStop');
  const startedAtMs = performance.now();
  assert.equal((await container.run(...command)).code, 0);
  const signalledAtMs = performance.now();
  await container.signal('TERM');
  assert.equal(await container.exited, 0, container.output());
  const seconds = (performance.now() - startedAtMs) / 1000;
  assert.ok(seconds < (spec.terminationGracePeriodSeconds ?? 0), `${seconds} s`);
  return `${name}: exited with code 0, ${Math.round(performance.now() - signalledAtMs)} ms after SIGTERM`;
};

const statusOf = (port: number, path: string): Promise<number> =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  );

const untilAnswer = async (
  port: number,
  path: string,
  status: number,
  { container }: Node,
): Promise<void> => {
  const giveUpAtMs = performance.now() + TIMEOUT_MS;
  while ((await statusOf(port, path)) !== status) {
    assert.ok(performance.now() < giveUpAtMs, `${path} was not ${status}: ${container.output()}`);
    await sleep(POLL_MS);
  }
};
