import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';

/** The configuration that an image gives to its containers. */
export type ImageConfig = {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly Volumes: Readonly<Record<string, object>>;
  /** `CMD` and its command. */
  readonly Healthcheck: { readonly Test: readonly string[] };
};

/** Images in a separate folder, built with `buildah`, which needs no daemon. */
export type ImageStore = {
  /** Runs `buildah` and returns its output. Throws with its log if it fails. */
  buildah(...words: readonly string[]): Promise<string>;
  hasImage(name: string): Promise<boolean>;
  /** Builds an image from the Dockerfile of a folder. */
  build(context: string, name: string): Promise<void>;
  readConfig(name: string): Promise<ImageConfig>;
  /** The size of all layers together. */
  readSizeBytes(name: string): Promise<number>;
  /** Mounts the root folder of a container of an image, until `remove`. */
  mount(name: string): Promise<{ readonly root: string; remove(): Promise<void> }>;
};

/** Opens the images in a folder. Creates the folder if it is missing. */
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
      // The format is Docker's, because the OCI format has no health check. npm needs the network of the machine.
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

/** Parses a size such as `328 MB`, as `buildah` writes it. */
const parseSize = (text: string): number => {
  const [number, unit = 'B'] = text.split(' ');
  return Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN);
};
