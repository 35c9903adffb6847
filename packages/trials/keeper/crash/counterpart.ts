import { armFault, createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { NewFault } from '@keyfob/sandbox';
import { openForeignServer } from '../foreign-server.ts';
import type { ForeignFault, ForeignRules, ForeignServer } from '../foreign-server.ts';
import { KINDS } from '../kept-world.ts';
import { openOidcProvider } from '../oidc-provider-server.ts';
import type { ClientData, Kind } from '../kept-world.ts';

/** The server that a keeper is tried against: ours, or somebody else's. */
export type Counterpart = {
  readonly client: ClientData;
  readonly params: Readonly<Record<string, string>>;
  newGrant(): Promise<string>;
  /** What happens to the next request. */
  arm(fault: ForeignFault): void;
  requests(): readonly SeenRequest[];
  /** Whether the grant that was made last still lives at the server. */
  isGrantAlive(): Promise<boolean>;
  close(): Promise<void>;
};

/** One token request as the server saw it, on one real clock. */
export type SeenRequest = {
  readonly arrivedMs: number;
  /** When its connection was over; `undefined` while it is not. */
  readonly endedMs: number | undefined;
  /** Whether the server made a new pair because of it. */
  readonly isUsed: boolean;
  /** Whether the whole answer left the server. */
  readonly isAnswered: boolean;
};

/** A server that makes another pair for every repeat inside the overlap; one that ends the pair before; one that punishes. */
const FOREIGN = {
  'another-pair': {
    rules: { overlapMs: 20_000, endsEarlierPair: false, punishes: true },
    repeats: { kind: 'overlap', seconds: 20 },
  },
  'last-pair-only': {
    rules: { overlapMs: 20_000, endsEarlierPair: true, punishes: true },
    repeats: { kind: 'overlap', seconds: 20 },
  },
  punishing: { rules: { overlapMs: 0, endsEarlierPair: false, punishes: true }, repeats: { kind: 'once' } },
} as const satisfies Record<string, { rules: ForeignRules; repeats: ClientData['repeats'] }>;

/** Every kind of provider in the matrix. */
export type ServerKind = Kind | keyof typeof FOREIGN | 'oidc-provider';
export const SERVER_KINDS = [
  ...Object.keys(KINDS),
  ...Object.keys(FOREIGN),
  'oidc-provider',
] as readonly ServerKind[];

/** Whether a lost answer of this kind can be fetched again. */
export const isForgiving = (kind: ServerKind): boolean => repeatsOf(kind).kind !== 'once';

const isForeign = (kind: ServerKind): kind is keyof typeof FOREIGN => Object.hasOwn(FOREIGN, kind);

const repeatsOf = (kind: ServerKind): ClientData['repeats'] =>
  isForeign(kind) ? FOREIGN[kind].repeats : kind === 'oidc-provider' ? ONCE : KINDS[kind].repeats;

const ONCE: ClientData['repeats'] = { kind: 'once' };

export const openCounterpart = (kind: ServerKind): Promise<Counterpart> =>
  isForeign(kind)
    ? openForeign(kind)
    : kind === 'oidc-provider'
      ? toCounterpart(openOidcProvider(), ONCE)
      : openOurs(kind);

/** Resolves when the server has got so many requests. */
export const requestsOf = (server: Counterpart, count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = setInterval(() => {
      if (server.requests().length < count) return;
      clearInterval(look);
      resolve();
    }, 5);
  });

const openForeign = (kind: keyof typeof FOREIGN): Promise<Counterpart> =>
  toCounterpart(openForeignServer(FOREIGN[kind].rules), FOREIGN[kind].repeats);

/** A server of somebody else, as a counterpart. */
const toCounterpart = async (
  opening: Promise<Omit<ForeignServer, 'newGrant'> & { newGrant(): string | Promise<string> }>,
  repeats: ClientData['repeats'],
): Promise<Counterpart> => {
  const server = await opening;
  return {
    client: { profile: 'oauth', origin: server.origin, ...server.credentials, repeats },
    params: {},
    newGrant: async () => server.newGrant(),
    arm: (fault) => void server.faults.push(fault),
    requests: () =>
      server.requests.map(({ arrivedMs, endedMs, verdict, isAnswered }) => ({
        arrivedMs,
        endedMs,
        isUsed: verdict === 'used' || verdict === 'repeated',
        isAnswered,
      })),
    isGrantAlive: server.isGrantAlive,
    close: server.close,
  };
};

const SANDBOX_FAULTS: Readonly<Record<ForeignFault, NewFault['do'] | undefined>> = {
  none: undefined,
  reset_before: { loseAnswer: 'beforeCommit' },
  reset_after: { loseAnswer: 'afterCommit' },
  hang_before: { loseAnswer: 'beforeCommit', how: 'hang' },
  hang_after: { loseAnswer: 'afterCommit', how: 'hang' },
  half_after: { loseAnswer: 'afterCommit', how: 'halfBody' },
};

const openOurs = async (kind: Kind): Promise<Counterpart> => {
  const sandbox = await startSandboxServer();
  const world = await sandbox.createWorld();
  const client = world.clients.find(KINDS[kind].client);
  if (client === undefined) throw new Error(`no client ${kind}`);
  const arrived = new Map<number, number>();
  const ended = new Map<number, number>();
  world.journal.follow(({ number, stage }) => {
    if (!arrived.has(number)) arrived.set(number, performance.now());
    if (stage === 'ended') ended.set(number, performance.now());
  });
  return {
    client: {
      profile: kind === 'pleos' ? 'pleos' : 'smartcar',
      origin: world.url,
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      repeats: KINDS[kind].repeats,
    },
    params: kind === 'pleos' ? { brand: 'hyundai' } : {},
    newGrant: async () => (await createGrantIn(world, { client: KINDS[kind].client })).refreshToken,
    arm(fault) {
      const action = SANDBOX_FAULTS[fault];
      if (action !== undefined) armFault(world, { do: action });
    },
    requests: () =>
      world.journal
        .read({ endpoint: 'token' })
        .requests.map(({ number, verdict, isCommitted, delivered }) => ({
          arrivedMs: arrived.get(number) ?? 0,
          endedMs: ended.get(number),
          isUsed: isCommitted || verdict === 'repeat',
          isAnswered: delivered === 'all',
        })),
    async isGrantAlive() {
      const answer = await fetch(`${sandbox.url}/_sandbox/worlds/${world.id}/grants`);
      const { grants } = (await answer.json()) as { readonly grants: readonly { readonly status: string }[] };
      return grants.at(-1)?.status !== 'revoked';
    },
    close: sandbox.close,
  };
};
