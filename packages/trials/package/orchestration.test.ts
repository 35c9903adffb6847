import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseConfig } from '@keyfob/server';
import { environmentOf, lastOf, readDockerfile } from './dockerfile.ts';
import { readYaml, WORKSPACE } from './manifests.ts';
import type { Compose, Workload } from './manifests.ts';

type Labels = Readonly<Record<string, string>>;
type Service = {
  readonly spec: {
    readonly selector: Labels;
    readonly ports: readonly { readonly targetPort: string }[];
  };
};
type Budget = { readonly spec: { readonly selector: { readonly matchLabels: Labels } } };
type Policy = {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Labels };
    readonly ingress: readonly {
      readonly from?: readonly object[];
      readonly ports: readonly { readonly port: string }[];
    }[];
    readonly policyTypes: readonly string[];
    readonly egress: readonly {
      readonly to?: readonly Peer[];
      readonly ports: readonly { readonly port: number }[];
    }[];
  };
};
type Peer = { readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] } };

const isIn = (address: string, ranges: readonly string[]): boolean => {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
};

const KUBERNETES = 'deploy/kubernetes';
const read = (name: string): unknown => readYaml(`${KUBERNETES}/${name}.yaml`);

const image = readDockerfile(join(WORKSPACE, 'Dockerfile')).at(-1) ?? assert.fail('no stage');
/** The configuration of a server of the image without further settings. */
const config = parseConfig({ flags: {}, environment: { ...environmentOf(image) }, file: {} });
const deployment = read('deployment') as Workload;
const { spec: pod, metadata } = deployment.spec.template;
const [container = assert.fail('no container')] = pod.containers;
const ports = new Map(container.ports?.map(({ name, containerPort }) => [name, containerPort]));

describe('the manifests of Kubernetes', () => {
  test('contain one document each, of the kind in their file name', () => {
    const kinds = readdirSync(join(WORKSPACE, KUBERNETES)).map((name) => {
      const { kind } = readYaml(`${KUBERNETES}/${name}`) as { readonly kind: string };
      return `${name} ${kind}`;
    });
    assert.deepEqual(kinds.sort(), [
      'deployment.yaml Deployment',
      'kustomization.yaml Kustomization',
      'migrate-job.yaml Job',
      'network-policy.yaml NetworkPolicy',
      'pod-disruption-budget.yaml PodDisruptionBudget',
      'service.yaml Service',
    ]);
  });

  test('are in the base of Kustomize, but for the Job that is run by hand', () => {
    const { resources } = read('kustomization') as { readonly resources: readonly string[] };
    const applied = readdirSync(join(WORKSPACE, KUBERNETES)).filter(
      (name) => !['kustomization.yaml', 'migrate-job.yaml'].includes(name),
    );
    assert.deepEqual([...resources].sort(), applied.sort());
  });

  test('use the ports that the image listens on', () => {
    assert.deepEqual(Object.fromEntries(ports), { http: config.port, admin: config.adminPort });
    assert.equal(lastOf(image, 'EXPOSE'), `${config.port} ${config.adminPort}`);
  });

  test('probe the admin listener at an address that the kubelet reaches', () => {
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    assert.deepEqual(
      probes.map((probe) => probe?.httpGet),
      ['/livez', '/livez', '/readyz'].map((path) => ({ path, port: 'admin' })),
    );
    assert.equal(container.env.find(({ name }) => name === 'KEYFOB_ADMIN_HOST')?.value, '0.0.0.0');
  });

  test('select the pods, and expose only the public port', () => {
    const labels = metadata?.labels;
    const service = read('service') as Service;
    const policy = read('network-policy') as Policy;
    for (const selector of [
      deployment.spec.selector?.matchLabels,
      service.spec.selector,
      (read('pod-disruption-budget') as Budget).spec.selector.matchLabels,
      policy.spec.podSelector.matchLabels,
    ])
      assert.deepEqual(selector, labels);
    assert.deepEqual(
      service.spec.ports.map(({ targetPort }) => targetPort),
      ['http'],
    );
    const open = policy.spec.ingress.filter(({ from }) => from === undefined);
    assert.deepEqual(
      open.flatMap((rule) => rule.ports.map(({ port }) => port)),
      ['http'],
    );
    for (const rule of policy.spec.ingress) for (const { port } of rule.ports) assert.ok(ports.has(port));
  });

  test('let pods connect to names, the database, and HTTPS on public addresses only', () => {
    const { policyTypes, egress } = (read('network-policy') as Policy).spec;
    assert.deepEqual(policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(
      egress.map((rule) => rule.ports.map(({ port }) => port)),
      [[53, 53], [5432], [443]],
    );
    for (const { to } of egress) assert.ok((to ?? []).length > 0, 'a rule without "to" allows every address');
    const blocks = egress.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
    const isOpen = (address: string): boolean =>
      blocks.some(({ cidr, except = [] }) => isIn(address, [cidr]) && !isIn(address, except));
    for (const address of [
      '10.0.0.1',
      '127.0.0.1',
      '169.254.169.254',
      '172.16.0.1',
      '192.168.0.1',
      '::1',
      'fd00::1',
    ])
      assert.equal(isOpen(address), false, address);
    for (const address of ['1.1.1.1', '2606:4700::1111']) assert.equal(isOpen(address), true, address);
  });

  test('mount a key ring that the server can read, and a volume for its data', () => {
    const keys = pod.volumes?.find(({ secret }) => secret !== undefined)?.secret ?? assert.fail('no secret');
    const at = (name: string) => container.volumeMounts?.find((mount) => mount.name === name)?.mountPath;
    const [item = assert.fail('no item')] = keys.items;
    const keyFile = container.env.find(({ name }) => name === 'KEYFOB_KEY_FILE')?.value;
    assert.equal(keyFile, `${at('keys')}/${item.path}`);
    assert.equal(keys.defaultMode, 0o440);
    assert.equal(at('data'), environmentOf(image)['KEYFOB_DATA']);
    assert.equal(lastOf(image, 'VOLUME'), environmentOf(image)['KEYFOB_DATA']);
    assert.deepEqual(
      pod.volumes?.map(({ name }) => name).toSorted(),
      container.volumeMounts?.map(({ name }) => name).toSorted(),
    );
  });

  test('run as the user of the image, with minimal rights', () => {
    const job = (read('migrate-job') as Workload).spec.template.spec;
    for (const spec of [pod, job]) {
      const { runAsUser, runAsNonRoot } = spec.securityContext;
      assert.deepEqual([`${runAsUser}:${runAsUser}`, runAsNonRoot], [lastOf(image, 'USER'), true]);
      for (const { securityContext } of spec.containers) {
        const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = securityContext;
        assert.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem], [false, true]);
        assert.deepEqual(capabilities.drop, ['ALL']);
      }
    }
  });

  test('give a server enough time to stop', () => {
    const [, seconds] = container.lifecycle?.preStop.exec.command ?? [];
    const stopSeconds = Number(seconds) + config.shutdownGraceSeconds;
    assert.ok((pod.terminationGracePeriodSeconds ?? 0) > stopSeconds);
  });
});

/** `name:1.2.3`, also with a suffix such as `-slim`, or a digest. Names of one's own are built with the version of the package. */
const PINNED = /^[\w./-]+(?::\d+\.\d+(?:\.\d+)?(?:-[\w.-]+)?|@sha256:[0-9a-f]{64})$/;

test('every image is named by an exact version or a digest', () => {
  const { services } = readYaml('compose.yaml') as Compose;
  const workloads = ['deployment', 'migrate-job'].map((name) => read(name) as Workload);
  const own = [
    ...workloads.flatMap(({ spec }) => spec.template.spec.containers.map((one) => one.image)),
    ...Object.values(services).flatMap((one) => (one.build === undefined ? [] : [one.image])),
  ];
  const { version } = JSON.parse(readFileSync(join(WORKSPACE, 'package.json'), 'utf8')) as {
    version: string;
  };
  for (const name of own) assert.equal(name, `keyfob:${version}`);
  const others = [
    ...readDockerfile(join(WORKSPACE, 'Dockerfile')).map((stage) => stage.image),
    ...Object.values(services).map((one) => one.image),
  ];
  for (const name of others) assert.match(name, PINNED);
  for (const loose of ['node', 'node:24', 'node:24-slim', 'postgres:latest', 'postgres:17'])
    assert.doesNotMatch(loose, PINNED);
});

describe('compose.yaml', () => {
  const { services, secrets, volumes } = readYaml('compose.yaml') as Compose;
  const nodes = Object.entries(services).filter(([, { build }]) => build !== undefined);

  test('has two nodes that differ only in their port and their volume', () => {
    assert.equal(nodes.length, 2);
    const [one, other] = nodes.map(([, { ports: _ports, volumes: _volumes, ...rest }]) => rest);
    assert.deepEqual(one, other);
  });

  test('its database is in a network without a way out, which only the nodes share', () => {
    const { networks } = readYaml('compose.yaml') as Compose;
    const { postgres } = services;
    assert.deepEqual(postgres?.networks, ['store']);
    assert.equal(networks['store']?.internal, true);
    for (const [, node] of nodes) assert.deepEqual(node.networks, ['public', 'store']);
  });

  for (const [name, service] of nodes) {
    test(`${name} mounts existing files where the server reads them`, () => {
      const [secret = assert.fail('no secret')] = service.secrets ?? [];
      assert.ok(secret in secrets);
      assert.equal(service.environment['KEYFOB_KEY_FILE'], `/run/secrets/${secret}`);
      const [volume = '', at] = (service.volumes[0] ?? '').split(':');
      assert.ok(volume in volumes);
      assert.equal(at, environmentOf(image)['KEYFOB_DATA']);
      for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in services);
    });

    test(`${name} has minimal rights, and enough time to stop`, () => {
      assert.deepEqual([service.read_only, service.cap_drop], [true, ['ALL']]);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
      assert.ok(Number.parseInt(service.stop_grace_period ?? '', 10) > config.shutdownGraceSeconds);
    });

    test(`${name} publishes only its public port, and only to this machine`, () => {
      assert.match(service.ports?.join() ?? '', new RegExp(`^127\\.0\\.0\\.1:\\d+:${config.port}$`));
    });
  }
});
