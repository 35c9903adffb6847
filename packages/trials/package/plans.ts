import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ContainerPlan } from './container.ts';
import type { ImageConfig } from './image-store.ts';
import { readYaml } from './manifests.ts';
import type { Compose, Workload } from './manifests.ts';

/** The surroundings of a plan. `directory`: the folder for its mounts. */
export type Place = {
  readonly root: string;
  readonly config: ImageConfig;
  readonly directory: string;
  readonly storeUrl: string;
  /** The key ring, if the plan uses one. */
  readonly key: string;
  /** Unique ports, because all containers share the network of this machine. */
  readonly ports: { readonly public: number; readonly admin: number };
};

const portsOf = ({ ports }: Place) => ({
  KEYFOB_PORT: String(ports.public),
  KEYFOB_ADMIN_PORT: String(ports.admin),
});

/** Plans a container like the pod of a manifest. Throws if the manifest needs something that is not supported here. */
export const planPod = (place: Place, path: string): ContainerPlan => {
  const { spec } = (readYaml(path) as Workload).spec.template;
  const [container = assert.fail('no container')] = spec.containers;
  const { runAsUser, runAsGroup = runAsUser } = spec.securityContext;
  assert.equal(`${runAsUser}:${runAsGroup}`, place.config.User);
  const secrets: Readonly<Record<string, string>> = { store: place.storeUrl };
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => {
    const volume = spec.volumes?.find((one) => one.name === name) ?? assert.fail(name);
    const from = join(place.directory, name);
    const group = spec.securityContext.fsGroup ?? 0;
    if (volume.secret === undefined) makeEmptyDir(from, group);
    else makeSecret(from, { group, mode: volume.secret.defaultMode, path: itemOf(volume), text: place.key });
    return { from, to: mountPath, isReadOnly: readOnly === true };
  });
  const environment = Object.fromEntries(
    container.env.map(({ name, value, valueFrom }) => [
      name,
      value ?? secrets[valueFrom?.secretKeyRef.key ?? ''] ?? assert.fail(name),
    ]),
  );
  const ports = container.ports === undefined ? {} : portsOf(place);
  return { ...place, args: container.args, environment: { ...environment, ...ports }, mounts };
};

/** Creates an emptyDir folder with the group `fsGroup`, as kubelet does. */
const makeEmptyDir = (path: string, group: number): void => {
  mkdirSync(path);
  chownSync(path, 0, group);
  chmodSync(path, 0o2777);
};

/** Creates a secret behind two links, as kubelet does for atomic changes. */
const makeSecret = (
  directory: string,
  file: { readonly group: number; readonly mode: number; readonly path: string; readonly text: string },
): void => {
  mkdirSync(join(directory, '..2025'), { recursive: true, mode: 0o755 });
  const path = join(directory, '..2025', file.path);
  writeFileSync(path, file.text);
  chownSync(path, 0, file.group);
  chmodSync(path, file.mode);
  symlinkSync('..2025', join(directory, '..data'));
  symlinkSync(join('..data', file.path), join(directory, file.path));
};

const itemOf = ({ secret }: NonNullable<Workload['spec']['template']['spec']['volumes']>[number]): string =>
  secret?.items[0]?.path ?? assert.fail('no item');

/** Plans a container like a service of compose.yaml, after the preparation in docs/operations.md. */
export const planService = (place: Place, name: string): ContainerPlan => {
  const compose = readYaml('compose.yaml') as Compose;
  const service = compose.services[name] ?? assert.fail(name);
  assert.deepEqual([service.read_only, service.cap_drop], [true, ['ALL']]);
  assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
  const [uid = 0, gid = 0] = place.config.User.split(':').map(Number);
  const mounts = service.volumes.map((volume) => {
    const [source = '', to = ''] = volume.split(':');
    // A new volume has the owner and mode of the folder in the image.
    const from = join(place.directory, source);
    mkdirSync(from, { mode: 0o700 });
    chownSync(from, uid, gid);
    return { from, to, isReadOnly: false };
  });
  const secrets = (service.secrets ?? []).map((secret) => {
    const from = join(place.directory, basename(compose.secrets[secret]?.file ?? assert.fail(secret)));
    writeFileSync(from, place.key, { mode: 0o600 });
    chownSync(from, uid, gid);
    return { from, to: `/run/secrets/${secret}`, isReadOnly: true };
  });
  const { KEYFOB_KEY_FILE: keyFile = '', KEYFOB_PUBLIC_URL: publicUrl = '' } = service.environment;
  const environment = {
    KEYFOB_STORE: place.storeUrl,
    KEYFOB_KEY_FILE: keyFile,
    // The default of a variable that is not set.
    KEYFOB_PUBLIC_URL: publicUrl.replace(/^\$\{\w+:-(?<otherwise>.*)\}$/, '$<otherwise>'),
    ...portsOf(place),
  };
  return { ...place, environment, mounts: [...mounts, ...secrets] };
};
