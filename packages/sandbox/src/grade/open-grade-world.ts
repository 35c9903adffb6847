import { setTimeout as sleep } from 'node:timers/promises';
import { changeClient } from '@keyfob/server';
import { dialectOf, DIALECTS } from '@keyfob/server/dialects';
import { standingOf } from '@keyfob/server/grants';
import { advanceClock } from '../clock/advance-clock.ts';
import { parseFault } from '../faults/parse-fault.ts';
import { findGrant, revokeWorldGrant, rotateGrant, withdrawFromGrant } from '../grants/change-grant.ts';
import { createWorldGrant } from '../grants/create-world-grant.ts';
import { judgeHeld } from '../grants/holds.ts';
import { newGrant } from '../grants/new-grant.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { Journal } from '../journal/journal.ts';
import { parseInput } from '../parse-input.ts';
import type { Sandbox } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import { restoreCheckpoint, takeCheckpoint } from '../worlds/checkpoints.ts';
import { COMPATIBLE_ENVIRONMENTS, environmentsOf } from '../worlds/environment.ts';
import { rollSecret } from '../worlds/roll-secret.ts';
import type { World } from '../worlds/world.ts';
import type { TokenKind } from './contract.ts';
import type { WantedWorld } from './grade.ts';
import type { GradeWorld } from './grade-world.ts';
import { seeRequest } from './see-request.ts';
import type { GradedDialect } from './spans.ts';

/** How long a request may still be open after its command has ended, in real milliseconds. */
const SETTLE_MS = 2000;
const SETTLE_STEP_MS = 5;

/** What each grant covers. */
const VINS = ['KMHXX00XXXX000001', 'KMHXX00XXXX000002'] as const;

/** Opens a world of a sandbox for one scenario. It has a port of its own, because some SDKs take an origin and no path. */
export const openGradeWorld =
  (sandbox: Sandbox, environmentName: string | undefined) =>
  async ({ dialect, policy, lifetimes, isRealTime }: WantedWorld): Promise<GradeWorld> => {
    const { accessSeconds, refreshSeconds, overlapSeconds, raceSeconds } = lifetimes;
    const shortLives = {
      accessTokenLifetimeSeconds: accessSeconds,
      refreshTokenLifetimeSeconds: refreshSeconds,
      overlapSeconds,
      raceSeconds,
    };
    const world = await sandbox.createWorld({
      port: true,
      clock: { mode: isRealTime ? 'running' : 'frozen' },
      policies: { [dialect]: { ...(isRealTime ? shortLives : {}), ...policy } },
    });
    return toGradeWorld(sandbox, world, dialect, environmentName);
  };

const toGradeWorld = (
  sandbox: Sandbox,
  world: World,
  dialect: GradedDialect,
  environmentName: string | undefined,
): GradeWorld => {
  const { clock, faults, journal } = world;
  const secrets = new Set<string>();
  let environment = environmentOf(world, dialect, environmentName);
  let grantName = '';
  const arrivals = new Map<number, number>();
  const arrivedAt = (number: number): number => {
    const at = arrivals.get(number) ?? performance.now();
    arrivals.set(number, at);
    return at;
  };
  const unfollow = journal.follow(({ number }) => void arrivedAt(number));
  const entries = () => readAll(journal);
  const readGrant = () => findGrant(world, grantName);
  return {
    environment: () => environment,
    secrets: () => [...secrets, environment['KEYFOB_CLIENT_SECRET'] ?? ''],
    nowMs: clock.now,
    async pass(seconds) {
      if (clock.read().mode === 'running') await sleep(seconds * 1000);
      else await advanceClock(world, { byMs: seconds * 1000 });
    },
    async createGrant() {
      const created = await createWorldGrant(
        world,
        parseInput(newGrant, { client: dialect, vehicles: [...VINS] }),
      );
      const { grant, accessToken, refreshToken, expiresInSeconds } = created;
      grantName = grant;
      secrets.add(accessToken).add(refreshToken);
      return { accessToken, refreshToken, expiresAtMs: clock.now() + expiresInSeconds * 1000 };
    },
    kindOf: (word) => kindOf(world, word),
    arm: (fault) => void faults.arm(parseFault(fault)),
    disarm: faults.disarmAll,
    isArmed: () => faults.list().some(({ isOver }) => !isOver),
    requests: () =>
      entries()
        .filter(({ endpoint }) => endpoint === 'token')
        .sort((one, other) => one.number - other.number)
        .map((entry) => seeRequest(entry, arrivedAt(entry.number))),
    strays: () =>
      entries()
        .filter(({ endpoint }) => endpoint !== 'token')
        .map(({ method, path }) => ({ method, path })),
    follow: (listener) =>
      journal.follow((entry) => {
        if (entry.endpoint === 'token') listener(seeRequest(entry, arrivedAt(entry.number)));
      }),
    async settle() {
      const until = performance.now() + SETTLE_MS;
      while (performance.now() < until && entries().some(({ stage }) => stage !== 'ended'))
        await sleep(SETTLE_STEP_MS);
    },
    revoke: async () => revokeWorldGrant(world, await readGrant(), 'owner'),
    withdrawOne: async () => withdrawFromGrant(world, await readGrant(), VINS[0]),
    async startRotating() {
      const { deployment } = world.server;
      const { rotation } = DIALECTS[dialect].defaultPolicy;
      const { client } = await readGrant();
      await changeClient({ ...deployment, keyRing: deployment.keyRing }, client.id, { policy: { rotation } });
    },
    steal: async () => void (await rotateGrant(world, await readGrant())),
    async rollSecret() {
      secrets.add((await rollSecret(world, dialect, 0)).clientSecret);
    },
    handOverSecret: () => void (environment = environmentOf(world, dialect, environmentName)),
    save: async () => void takeCheckpoint(world),
    async restore() {
      const last = world.checkpoints.at(-1);
      if (last !== undefined) await restoreCheckpoint(world, last);
    },
    async close() {
      unfollow();
      await sandbox.worlds.remove(world.id);
    },
  };
};

/** All entries that the journal still has. It answers them in pages. */
const readAll = (journal: Journal): readonly JournalEntry[] => {
  const entries: JournalEntry[] = [];
  for (let after = 0; ;) {
    const { requests, next } = journal.read({ after });
    entries.push(...requests);
    if (requests.length === 0 || next === after) return entries;
    after = next;
  }
};

/** The variables of the SDK, and the same facts in the words of the grade for code that is no SDK. */
const environmentOf = (
  { url, clients }: World,
  dialect: GradedDialect,
  name: string = COMPATIBLE_ENVIRONMENTS.get(dialect) ?? dialect,
): Readonly<Record<string, string>> => {
  const client = clients.find(dialect);
  const environments = environmentsOf(url, clients.find);
  const variables = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (variables === undefined) {
    const names = Object.keys(environments).join(', ');
    throw new SandboxError('input_invalid', `unknown environment ${name.slice(0, 60)}`, `They are ${names}.`);
  }
  const credentials = { clientId: client?.clientId ?? '', clientSecret: client?.clientSecret ?? '' };
  const { examples, brands } = dialectOf({ id: credentials.clientId, dialect });
  const { path } = examples.refreshRequest(credentials, { refreshToken: '' });
  return {
    ...variables,
    KEYFOB_URL: url,
    KEYFOB_TOKEN_URL: `${url}${path}`,
    KEYFOB_CLIENT_ID: credentials.clientId,
    KEYFOB_CLIENT_SECRET: credentials.clientSecret,
    ...(brands[0] === undefined ? {} : { KEYFOB_BRAND: brands[0] }),
  };
};

const kindOf = async (world: World, word: string): Promise<TokenKind> => {
  const held = await judgeHeld(world, word);
  if (held.kind === 'refresh_token') return 'refresh_token';
  if (held.kind !== 'access_token' || held.grant === undefined) return 'unknown';
  if (held.isCurrent) return 'usable';
  const { grant, client } = await findGrant(world, held.grant);
  const now = { nowMs: world.clock.serverNow(), doubt: undefined };
  return standingOf(grant, client.policy, now).status === 'active' ? 'expired' : 'dead';
};
