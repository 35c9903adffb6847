import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SETTINGS } from '@keyfob/keeper/cli';
import { environmentOf, lastOf, readDockerfile } from './dockerfile.ts';
import { readYaml, WORKSPACE } from './manifests.ts';
import type { Compose, Workload } from './manifests.ts';

type Labels = Readonly<Record<string, string>>;
type Service = {
  readonly spec: { readonly selector: Labels; readonly ports: readonly { readonly targetPort: string }[] };
};
type Budget = {
  readonly spec: { readonly selector: { readonly matchLabels: Labels }; readonly maxUnavailable: number };
};
type Policy = {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Labels };
    readonly policyTypes: readonly string[];
    readonly ingress: readonly {
      readonly from?: readonly object[];
      readonly ports: readonly { readonly port: string }[];
    }[];
    readonly egress: readonly {
      readonly to?: readonly object[];
      readonly ports: readonly { readonly port: number }[];
    }[];
  };
};

const FOLDER = 'deploy/keeper';
const KUBERNETES = `${FOLDER}/kubernetes`;
const read = (name: string): unknown => readYaml(`${KUBERNETES}/${name}.yaml`);
const textOf = (path: string): string => readFileSync(join(WORKSPACE, path), 'utf8');
const FILES = [
  `${FOLDER}/Dockerfile`,
  `${FOLDER}/compose.yaml`,
  `${FOLDER}/keyfob-keeper.json`,
  ...readdirSync(join(WORKSPACE, KUBERNETES)).map((name) => `${KUBERNETES}/${name}`),
];

const image = readDockerfile(join(WORKSPACE, FOLDER, 'Dockerfile')).at(-1) ?? assert.fail('no stage');
const variables = environmentOf(image);
const set = read('stateful-set') as Workload & {
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  };
};
const { spec: pod, metadata } = set.spec.template;
const [container = assert.fail('no container')] = pod.containers;
const [, preStopSeconds] = container.lifecycle?.preStop.exec.command ?? [];
/** What the service takes at most from SIGTERM to its end. */
const STOP_SECONDS = 75;

describe('the manifests of the keeper', () => {
  test('contain one document each, of the kind in their file name', () => {
    const kinds = readdirSync(join(WORKSPACE, KUBERNETES)).map(
      (name) => `${name} ${(read(name.replace('.yaml', '')) as { readonly kind: string }).kind}`,
    );
    assert.deepEqual(kinds.sort(), [
      'config-map.yaml ConfigMap',
      'network-policy.yaml NetworkPolicy',
      'nodes-service.yaml Service',
      'pod-disruption-budget.yaml PodDisruptionBudget',
      'service.yaml Service',
      'stateful-set.yaml StatefulSet',
    ]);
  });

  test('contain no secret, only names of secrets', () => {
    for (const file of FILES) assert.doesNotMatch(textOf(file), /kind: Secret|stringData|whsec_|kfk_/);
    for (const file of FILES.filter((name) => name.includes('kubernetes')))
      assert.doesNotMatch(textOf(file), /postgres:\/\//);
  });

  test('use only known settings, and those of the sample', () => {
    const known = new Set<string>(Object.values(SETTINGS).map(({ variable }) => variable));
    known.add('KEEPER_CONFIG');
    for (const file of FILES)
      for (const [name] of textOf(file).matchAll(/\bKEEPER_[A-Z_]*[A-Z]\b/g))
        assert.ok(known.has(name), `${file}: ${name}`);
    const names = new Set(textOf(`${KUBERNETES}/config-map.yaml`).match(/SMARTCAR_\w+/g));
    for (const name of names) {
      assert.ok(
        container.env.some((one) => one.name === name),
        name,
      );
      assert.ok(textOf(`${FOLDER}/keyfob-keeper.json`).includes(name), name);
    }
  });

  test('select the pods, and let only the clients and the metrics in', () => {
    const labels = metadata?.labels;
    const policy = read('network-policy') as Policy;
    for (const selector of [
      set.spec.selector?.matchLabels,
      (read('service') as Service).spec.selector,
      (read('nodes-service') as Service).spec.selector,
      (read('pod-disruption-budget') as Budget).spec.selector.matchLabels,
      policy.spec.podSelector.matchLabels,
    ])
      assert.deepEqual(selector, labels);
    assert.deepEqual(policy.spec.policyTypes, ['Ingress', 'Egress']);
    for (const { from = [] } of policy.spec.ingress) assert.ok(from.length > 0);
    for (const { to = [] } of policy.spec.egress) assert.ok(to.length > 0);
    assert.deepEqual(
      policy.spec.egress.map(({ ports }) => ports.map(({ port }) => port)),
      [[53, 53], [5432], [443]],
    );
    assert.equal(
      set.spec.serviceName,
      (read('nodes-service') as { metadata: { name: string } }).metadata.name,
    );
  });

  test('run two, of which one may be away', () => {
    assert.equal(set.spec.replicas, 2);
    assert.equal((read('pod-disruption-budget') as Budget).spec.maxUnavailable, 1);
  });

  test('probe what the service serves, on the port of the image', () => {
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    assert.deepEqual(
      probes.map((probe) => probe?.httpGet),
      ['/health/live', '/health/live', '/health/ready'].map((path) => ({ path, port: 'http' })),
    );
    assert.deepEqual(container.ports, [{ name: 'http', containerPort: Number(variables['KEEPER_PORT']) }]);
    assert.equal(lastOf(image, 'EXPOSE'), variables['KEEPER_PORT']);
    assert.match(lastOf(image, 'HEALTHCHECK'), /\/health\/ready/);
  });

  test('run as the user of the image, with minimal rights, and give it time to stop', () => {
    const { runAsUser, runAsNonRoot } = pod.securityContext;
    assert.deepEqual([`${runAsUser}:${runAsUser}`, runAsNonRoot], [lastOf(image, 'USER'), true]);
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext;
    assert.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem], [false, true]);
    assert.deepEqual(capabilities.drop, ['ALL']);
    assert.ok((pod.terminationGracePeriodSeconds ?? 0) >= Number(preStopSeconds) + STOP_SECONDS);
  });

  test('keep the directory of each keeper when its pod goes', () => {
    const data = lastOf(image, 'VOLUME');
    const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === data);
    assert.deepEqual(
      set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name),
      [mount?.name],
    );
    assert.ok(variables['KEEPER_DIRECTORY']?.startsWith(`${data}/`));
    assert.ok(variables['KEEPER_STORE']?.startsWith(`${data}/`));
    const keyFile = container.env.find(({ name }) => name === 'KEEPER_KEY_FILE')?.value;
    const keys = pod.volumes?.find(({ secret }) => secret !== undefined);
    const keyMount = container.volumeMounts?.find(({ name }) => name === keys?.name)?.mountPath;
    assert.equal(keyFile, `${keyMount}/${keys?.secret?.items[0]?.path}`);
    assert.equal(keys?.secret?.defaultMode, 0o440);
  });
});

describe('the compose file of the keeper', () => {
  const { services, networks, secrets, volumes } = readYaml(`${FOLDER}/compose.yaml`) as Compose;
  const keepers = Object.entries(services).filter(([name]) => name.startsWith('keeper-'));

  test('runs two keepers on one database that nothing else reaches', () => {
    assert.equal(keepers.length, 2);
    for (const [name, keeper] of keepers) {
      assert.deepEqual([keeper.read_only, keeper.cap_drop], [true, ['ALL']]);
      assert.ok(keeper.volumes.some((volume) => volume === `${name}:${lastOf(image, 'VOLUME')}`));
      assert.ok(Object.keys(volumes).includes(name));
      assert.equal(keeper.stop_grace_period, `${STOP_SECONDS}s`);
      for (const port of keeper.ports ?? []) assert.match(port, /^127\.0\.0\.1:\d+:8790$/);
      assert.equal(keeper.environment['KEEPER_KEY_FILE'], '/run/secrets/keeper.key');
    }
    assert.deepEqual(services['postgres']?.networks, ['store']);
    assert.equal(networks['store']?.internal, true);
    assert.deepEqual(Object.keys(secrets), ['keeper.key']);
  });
});

test('every image of the keeper is named by an exact version', () => {
  const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
  assert.equal(container.image, `keyfob-keeper:${version}`);
  const { services } = readYaml(`${FOLDER}/compose.yaml`) as Compose;
  for (const [name, service] of Object.entries(services))
    assert.match(
      service.image,
      name === 'postgres' ? /^postgres:\d+\.\d+$/ : new RegExp(`^keyfob-keeper:${version}$`),
    );
  for (const stage of readDockerfile(join(WORKSPACE, FOLDER, 'Dockerfile')))
    assert.equal(stage.image, `node:${process.version.slice(1)}-bookworm-slim`);
});
