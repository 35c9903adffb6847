import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeDataDirectory, removeDataDirectory } from '../../support/keyfob-process.ts';
import { checkSha256, keepPeer, peerCacheDirectory } from './peer-cache.ts';
import { findMissing, runStep } from './run-step.ts';

const name = 'peer-1.0';

const inCache = async (run: (cache: string) => Promise<void>): Promise<void> => {
  const cache = makeDataDirectory();
  try {
    await run(cache);
  } finally {
    removeDataDirectory(cache);
  }
};

const makeNothing = async (): Promise<undefined> => undefined;

const makeHalf = async (directory: string): Promise<undefined> => {
  mkdirSync(join(directory, 'half'));
  throw new Error('the registry is away');
};

const fail = (): never => assert.fail('it is not made');

describe('A server of others', () => {
  test('is made once, and found in the cache from then on', () =>
    inCache(async (cache) => {
      let times = 0;
      const make = async (directory: string): Promise<undefined> => {
        times++;
        writeFileSync(join(directory, 'program'), 'it');
        return undefined;
      };
      for (const mayDownload of [true, true, false]) {
        const kept = await keepPeer({ name, cache, mayDownload, make });
        assert.deepEqual(kept, { directory: join(cache, name) });
      }
      assert.equal(times, 1);
      assert.equal(readFileSync(join(cache, name, 'program'), 'utf8'), 'it');
      assert.deepEqual(readdirSync(cache), [name]);
    }));

  test('that two runs make at once is kept once', () =>
    inCache(async (cache) => {
      const both = await Promise.all(
        [1, 2].map(() => keepPeer({ name, cache, mayDownload: true, make: makeNothing })),
      );
      assert.deepEqual(both, [{ directory: join(cache, name) }, { directory: join(cache, name) }]);
      assert.deepEqual(readdirSync(cache), [name]);
    }));

  test('is skipped, with the reason, if the run downloads nothing', () =>
    inCache(async (cache) => {
      const kept = await keepPeer({ name, cache, mayDownload: false, make: fail });
      assert.deepEqual(kept, { skipped: `${name} is not in ${cache}, and this run downloads nothing` });
    }));

  test('that cannot be made leaves nothing in the cache', () =>
    inCache(async (cache) => {
      const missing = await keepPeer({
        name,
        cache,
        mayDownload: true,
        make: async () => ({ skipped: 'no go' }),
      });
      assert.deepEqual(missing, { skipped: 'no go' });
      const failed = await keepPeer({ name, cache, mayDownload: true, make: makeHalf });
      assert.deepEqual(failed, { skipped: `${name} could not be installed: the registry is away` });
      assert.ok(!existsSync(join(cache, name)));
      assert.deepEqual(readdirSync(cache), []);
    }));

  test('with another checksum is refused', () =>
    inCache(async (cache) => {
      const path = join(cache, 'zip');
      writeFileSync(path, 'abc');
      const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      await checkSha256(path, sha256);
      writeFileSync(path, 'abd');
      await assert.rejects(checkSha256(path, sha256), /has the SHA-256 .*, not ba7816bf/);
    }));

  test('is kept where KEYFOB_BENCH_CACHE says, or in the cache directory of the user', () => {
    assert.equal(peerCacheDirectory({ KEYFOB_BENCH_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a');
    assert.equal(peerCacheDirectory({ KEYFOB_BENCH_CACHE: '', XDG_CACHE_HOME: '/b' }), '/b/keyfob-bench');
    assert.match(peerCacheDirectory({}), /\/\.cache\/keyfob-bench$/);
  });

  test('says which of the programs it needs are missing', async () => {
    const programs = { [process.execPath]: '--version', 'no-such-program': '--version' };
    assert.deepEqual(await findMissing(programs), ['no-such-program']);
  });

  test('whose installation fails is reported with the end of its output', async () => {
    const args = ['-e', 'console.log("all is well"); console.error("the disk is full"); process.exit(3)'];
    const step = { title: 'compiling', program: process.execPath, args, timeoutMs: 60_000 };
    await assert.rejects(
      runStep(step),
      /^Error: compiling: .* ended with 3: all is well \/ the disk is full$/,
    );
    assert.equal(await runStep({ ...step, args: ['-e', 'console.log("done")'] }), 'done\n');
  });
});
