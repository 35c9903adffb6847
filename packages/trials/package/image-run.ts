import { join } from 'node:path';
import { startCluster } from '../support/postgres/cluster.ts';
import { runCommand } from '../support/run-command.ts';
import { makeBaseImage } from './base-image.ts';
import { readDockerfile } from './dockerfile.ts';
import { openImageStore } from './image-store.ts';
import { tryImage } from './image-trial.ts';
import { WORKSPACE } from './manifests.ts';

// Builds the Dockerfile and runs the image without Docker. Needs root, and Debian's buildah, runc and mmdebstrap.
const PROGRAMS = ['buildah', 'runc', 'mmdebstrap'];
const IMAGE = 'localhost/keyfob:latest';
const MEGABYTE = 1e6;

const findMissingRequirement = async (): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return 'only root can build and run containers here';
  for (const program of PROGRAMS)
    if ((await runCommand(program, ['--version'])).code !== 0) return `${program} is not installed`;
  return undefined;
};

const main = async (): Promise<void> => {
  const missing = await findMissingRequirement();
  if (missing !== undefined) {
    console.log(`SKIPPED: ${missing}.`);
    return;
  }
  const images = openImageStore(join(WORKSPACE, 'artefacts', 'image'));
  const [stage] = readDockerfile(join(WORKSPACE, 'Dockerfile'));
  const base = `docker.io/library/${stage?.image ?? ''}`;
  if (!(await images.hasImage(base))) await makeBaseImage(images, base);
  await images.build(WORKSPACE, IMAGE);
  const [total, baseSize] = [await images.readSizeBytes(IMAGE), await images.readSizeBytes(base)];
  const size = [total, total - baseSize].map((bytes) => `${Math.round(bytes / MEGABYTE)} MB`);
  console.log(`built: ${size[0]}, of which ${size[1]} are not part of the base image`);
  const cluster = await startCluster();
  if ('reason' in cluster) throw new Error(cluster.reason);
  try {
    await tryImage(images, IMAGE, { cluster, report: (line) => console.log(line) });
  } finally {
    await cluster.remove();
  }
};

await main();
