import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';

/** What an image says of the containers that are made of it. */
export type ImageConfig = {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly Volumes: Readonly<Record<string, object>>;
  /** `CMD`, and what it runs. */
  readonly Healthcheck: { readonly Test: readonly string[] };
};

/** Images in a folder of their own, built by `buildah`, which needs no daemon. */
export type ImageStore = {
  /** Runs `buildah` and answers what it printed. Throws with its log where it fails. */
  buildah(...words: readonly string[]): Promise<string>;
  hasImage(name: string): Promise<boolean>;
  /** Follows the Dockerfile of a folder, every line of it. */
  build(context: string, name: string): Promise<void>;
  readConfig(name: string): Promise<ImageConfig>;
  /** Of all layers together. */
  readSizeBytes(name: string): Promise<number>;
  /** The root folder of a container of an image, until it is let go of. */
  mount(name: string): Promise<{ readonly root: string; remove(): Promise<void> }>;
};

/** The images in a folder, which is made where there is none. */
export const openImageStore = (directory: string): ImageStore => {
  mkdirSync(directory, { recursive: true });
  const place = [
    '--storage-driver',
    'overlay',
    '--root',
    join(directory, 'images'),
    '--runroot',
    join(directory, 'run'),
  ];
  const buildah = async (...words: readonly string[]): Promise<string> => {
    const ended = await runCommand('buildah', [...place, ...words]);
    if (ended.code !== 0) throw new Error(`buildah ${words.join(' ')}: ${ended.stdout}\n${ended.stderr}`);
    return ended.stdout.trim();
  };
  const inspect = async (name: string): Promise<{ readonly Docker: { readonly config: ImageConfig } }> =>
    JSON.parse(await buildah('inspect', '--type', 'image', name)) as {
      readonly Docker: { readonly config: ImageConfig };
    };
  return {
    buildah,
    async hasImage(name) {
      return (await buildah('images', '--format', '{{.Name}}:{{.Tag}}')).split('\n').includes(name);
    },
    async build(context, name) {
      // Docker's own format: that of the OCI has no health check. The network is that of the machine, as npm needs one.
      const options = ['--format', 'docker', '--isolation', 'chroot', '--network', 'host', '--pull-never'];
      await buildah('build', ...options, '--tag', name, context);
    },
    readConfig: async (name) => (await inspect(name)).Docker.config,
    async readSizeBytes(name) {
      const listed = JSON.parse(await buildah('images', '--json', name)) as readonly {
        readonly size: string;
      }[];
      return parseSize(listed[0]?.size ?? '');
    },
    async mount(name) {
      const container = await buildah('from', '--pull-never', name);
      const root = await buildah('mount', container);
      return { root, remove: async () => void (await buildah('rm', container)) };
    },
  };
};

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

/** `328 MB`, as `buildah` writes it. */
const parseSize = (text: string): number => {
  const [number, unit = 'B'] = text.split(' ');
  return Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN);
};
