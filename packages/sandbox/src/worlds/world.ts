import { randomBytes } from 'node:crypto';
import { createAuthorizationServer } from '@keyfob/server';
import type { AuthorizationServer, LogEvent, Randomness } from '@keyfob/server';
import type { Millis } from '@keyfob/server/grants';
import { followDeliveries } from '../clock/next-delivery.ts';
import { createArmedFaults } from '../faults/armed-faults.ts';
import type { ArmedFaults } from '../faults/armed-faults.ts';
import { createJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/journal.ts';
import { createExchanges, EndedBeforeCommit } from './exchange.ts';
import type { Exchanges } from './exchange.ts';
import { createGrantNames } from '../grants/grant-names.ts';
import type { TokenContext } from '../grants/identify-token.ts';
import type { GrantNames } from '../grants/grant-names.ts';
import { createIssuedAccess } from './issued-access.ts';
import type { IssuedAccess } from './issued-access.ts';
import type { WorldDefinition } from './new-world.ts';
import { createRunningScenarios } from './running-scenarios.ts';
import type { RunningScenarios } from './running-scenarios.ts';
import { createSeededRandomness } from './seeded-randomness.ts';
import { registerWorldClients } from './world-clients.ts';
import type { WorldClients } from './world-clients.ts';
import { createWorldClock } from '../clock/world-clock.ts';
import type { ClockReading, WorldClock } from '../clock/world-clock.ts';
import { createWorldKeys } from './world-keys.ts';
import { openWorldStore } from './world-store.ts';
import type { WorldStore } from './world-store.ts';

/** One issuer with its own clock, keys, store, clients, grants, faults and journal. It shares nothing with another. */
export type World = {
  readonly id: string;
  /** Under which path of its host it is; empty for the root. */
  readonly basePath: string;
  /** Without a slash at its end; also its issuer. */
  readonly url: string;
  /** As it was asked for, with its seed and the beginning of its clock. */
  readonly definition: CompleteDefinition;
  readonly clock: WorldClock;
  readonly server: AuthorizationServer;
  readonly store: WorldStore;
  readonly clients: WorldClients;
  readonly grants: GrantNames;
  readonly issuedAccess: IssuedAccess;
  /** What tokens of the world are identified with. */
  readonly tokens: TokenContext & { readonly grants: GrantNames };
  readonly faults: ArmedFaults;
  readonly journal: Journal;
  /** The scenarios that were started and go on. */
  readonly running: RunningScenarios;
  readonly exchanges: Exchanges;
  /** A stream of chance of its own for a purpose, from the seed. */
  readonly randomnessOf: (purpose: string) => Randomness;
  /** Which ids grants get that the control API makes. */
  readonly grantRandomness: Randomness;
  readonly secretRandomness: Randomness;
  readonly nextRequestId: () => string;
  /** The copies of its store, oldest first. */
  readonly checkpoints: Checkpoint[];
  /** Work that must not overlap, such as moves of the clock, in its order. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Calls `listener` at every log event of its server, until the returned function is called. */
  follow(listener: (event: LogEvent) => void): () => void;
  /** Ends when the world does: because it is removed, or because a reset puts another in its place. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
};

/** All that a world is created from: the same one gives the same world. */
export type CompleteDefinition = WorldDefinition & { readonly seed: string };

/** The state of a world's server at one moment. */
export type Checkpoint = { readonly number: number; readonly atMs: Millis; readonly content: Uint8Array };

/** Where a world is reached. */
export type WorldPlace = Pick<World, 'id' | 'basePath' | 'url'>;

/** Webhooks of tests listen on this machine, where a server sends nothing otherwise. */
const LOOPBACK_RANGES = '127.0.0.0/8,::1/128';

/** Creates a world. Throws `SandboxError` for a policy that is wrong. */
export const createWorld = async (place: WorldPlace, wanted: WorldDefinition): Promise<World> => {
  const definition = completeDefinition(wanted);
  const { seed } = definition;
  const randomnessOf = (purpose: string): Randomness => createSeededRandomness(seed, purpose);
  const clock = createWorldClock(startOf(definition));
  const exchanges = createExchanges();
  const grants = createGrantNames();
  const followers = new Set<(event: LogEvent) => void>();
  const started: { server?: AuthorizationServer } = {};
  const store = openWorldStore(exchanges, {
    onDeliveries: () => started.server?.deliverWebhooks(),
    onGrant: ({ id }) => void grants.nameOf(id),
  });
  const server = await createAuthorizationServer(
    {
      publicUrl: place.url,
      insecurePublicUrl: true,
      demo: true,
      egressAllowedRanges: LOOPBACK_RANGES,
      // A test of a wrong secret must not end the next one.
      authenticationFailuresPerAddressMax: 0,
      authenticationFailuresPerClientMax: 0,
      ownerVisitsPerAddressMax: 0,
      ownerVisitsMax: 0,
      shutdownGraceSeconds: 0,
    },
    {
      basePath: place.basePath,
      store: store.store,
      keys: createWorldKeys(seed, definition),
      clock: clock.serverNow,
      randomness: randomnessOf('server'),
      emit(event) {
        // Not a bug: a fault has ended the request.
        if (event.event === 'internal.error' && event.cause.startsWith(EndedBeforeCommit.name)) return;
        exchanges.note(event);
        for (const follower of followers) follower(event);
      },
    },
  );
  started.server = server;
  const { deployment } = server;
  const close = async (): Promise<void> => {
    await server.close();
    await store.current().close();
  };
  const context = { ...deployment, keyRing: deployment.keyRing, randomness: randomnessOf('clients') };
  const clients = await registerWorldClients(context, definition).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const journal = createJournal();
  const running = createRunningScenarios();
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  const follow: World['follow'] = (listener) => {
    followers.add(listener);
    return () => followers.delete(listener);
  };
  followDeliveries({ store, clock, follow }, server.deliverWebhooks);
  return {
    ...place,
    definition,
    clock,
    server,
    store,
    clients,
    grants,
    issuedAccess: createIssuedAccess(),
    tokens: {
      get keyRing() {
        return deployment.keyRing;
      },
      issuer: place.url,
      grants,
    },
    faults: createArmedFaults(randomnessOf, clock.now),
    journal,
    running,
    exchanges,
    randomnessOf,
    grantRandomness: randomnessOf('grants'),
    secretRandomness: randomnessOf('secrets'),
    nextRequestId: randomnessOf('requests').uuid,
    checkpoints: [],
    inTurn(work) {
      const result = last.then(work, work);
      last = result.catch(() => {});
      return result;
    },
    follow,
    closing: closing.signal,
    async close() {
      closing.abort();
      journal.close();
      running.close();
      await close();
    },
  };
};

/** How the clock of a world begins, in full, so that a reset begins there again. */
const startOf = ({ clock }: WorldDefinition): ClockReading => {
  const {
    now,
    mode = 'frozen',
    rate = 1,
    skewSeconds = 0,
  } = typeof clock === 'string' ? { now: clock } : (clock ?? {});
  // A whole second, as tokens carry it, so that a lifetime is as long as it reads.
  const nowMs = now === undefined ? Math.floor(Date.now() / 1000) * 1000 : Date.parse(now);
  return { nowMs, mode, rate, skewSeconds };
};

/** The same definition with everything that was left to chance or to the moment. */
const completeDefinition = (wanted: WorldDefinition): CompleteDefinition => {
  const { nowMs, ...clock } = startOf(wanted);
  return {
    ...wanted,
    seed: wanted.seed ?? randomBytes(9).toString('base64url'),
    clock: { now: new Date(nowMs).toISOString(), ...clock },
  };
};
