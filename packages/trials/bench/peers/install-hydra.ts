import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import { keepPeer } from './peer-cache.ts';
import { findMissing, runStep } from './run-step.ts';

const MODULE = 'github.com/ory/hydra/v2';
const VERSION = 'v2.3.0';
/** The checksum of the module's files, as in `go.sum`. Those of its dependencies are checked by Go itself. */
const MODULE_SUM = 'h1:bPs5MOWmYLZ9C3oQFhhjnaBrExUgF/zf3u1AJVlR//4=';
/**
 * A module of our own that uses Hydra as a tool: `go install` refuses a module with replace directives. The directive is the
 * one that Hydra's own go.mod has.
 */
const GO_MOD = `module keyfob.invalid/bench

go 1.24

replace github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.1-0.20241121111754-e5dfc0f3344b
`;
/** Go downloads some 500 modules and compiles them, on a small machine for a long time. */
const TIMEOUT_MS = 40 * 60_000;

/** Builds Ory Hydra from its Go module, once. Returns the path of the program. Needs Go, and a C compiler for SQLite. */
export const installHydra = async (
  mayDownload: boolean,
): Promise<{ readonly program: string; readonly version: string } | Skipped> => {
  const kept = await keepPeer({ name: `hydra-${VERSION}`, mayDownload, make: build });
  return 'skipped' in kept ? kept : { program: join(kept.directory, 'hydra'), version: VERSION };
};

const build = async (directory: string): Promise<Skipped | undefined> => {
  const missing = await findMissing({ go: 'version', cc: '--version' });
  if (missing.length > 0)
    return { skipped: `hydra is not on the PATH, and cannot be built without ${missing.join(' and ')}` };
  const source = join(directory, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'go.mod'), GO_MOD);
  const go = async (title: string, ...args: readonly string[]): Promise<string> =>
    runStep({
      title: `hydra ${VERSION}: ${title}`,
      program: 'go',
      args,
      options: { cwd: source, env: { ...process.env, CGO_ENABLED: '1' } },
      timeoutMs: TIMEOUT_MS,
    });
  const described = await go('downloading its module', 'mod', 'download', '-json', `${MODULE}@${VERSION}`);
  const { Sum: sum } = JSON.parse(described) as { Sum?: string };
  if (sum !== MODULE_SUM) throw new Error(`${MODULE}@${VERSION} has the checksum ${sum}, not ${MODULE_SUM}`);
  await go('downloading what it needs (once)', 'get', '-tool', `${MODULE}@${VERSION}`);
  const version = `-X github.com/ory/hydra/v2/driver/config.Version=${VERSION}`;
  const words = ['build', '-tags', 'sqlite', '-ldflags', version, '-o', join(directory, 'hydra'), MODULE];
  await go('compiling (once, for some minutes)', ...words);
  return undefined;
};
