import { standingOf } from '@keyfob/server/grants';
import type { Grant, Millis } from '@keyfob/server/grants';
import type { Client } from '@keyfob/server/clients';
import type { Happening } from './happening.ts';
import type { World } from '../worlds/world.ts';

const GRANTS_PER_PAGE = 1000;

/**
 * What expires after one moment of the world and until another, in order. None of it changes anything that is stored: a
 * lifetime that is over is found when a token is presented.
 */
export const listExpiries = async (
  world: World,
  afterMs: Millis,
  untilMs: Millis,
): Promise<readonly Happening[]> => {
  const skewMs = world.clock.read().skewSeconds * 1000;
  const toWorld = (seconds: number): Millis => seconds * 1000 - skewMs;
  const isWithin = ({ atMs }: Happening): boolean => atMs > afterMs && atMs <= untilMs;
  const found: Happening[] = [];
  for (const client of await readClients(world)) found.push(...secretExpiries(world, client, skewMs));
  for (const { grant, client } of await readGrants(world))
    found.push(...grantExpiries(world, grant, client, toWorld));
  const [after, until] = [(afterMs + skewMs) / 1000, (untilMs + skewMs) / 1000];
  for (const { grantId, expiresAt } of world.issuedAccess.expiringWithin(after, until)) {
    const grant = world.grants.nameOf(grantId);
    const says = `An access token of ${grant} expired.`;
    found.push({ atMs: toWorld(expiresAt), kind: 'access_token_expired', grant, says });
  }
  return found.filter(isWithin).sort((left, right) => left.atMs - right.atMs);
};

const readClients = async ({ clients, store }: World): Promise<readonly Client[]> => {
  const read = await Promise.all(
    clients.list().map(async ({ clientId }) => store.current().readClient(clientId)),
  );
  return read.flatMap(({ client }) => client ?? []);
};

const readGrants = async (
  world: World,
): Promise<readonly { readonly grant: Grant; readonly client: Client }[]> => {
  const store = world.store.current();
  const clients = new Map((await readClients(world)).map((client) => [client.id, client]));
  const all: { readonly grant: Grant; readonly client: Client }[] = [];
  let after: Grant['id'] | undefined;
  for (;;) {
    const page = await store.listGrants({ after, limit: GRANTS_PER_PAGE });
    for (const grant of page) {
      const client = clients.get(grant.clientId);
      if (client !== undefined) all.push({ grant, client });
    }
    if (page.length < GRANTS_PER_PAGE) return all;
    after = page.at(-1)?.id;
  }
};

const secretExpiries = (world: World, client: Client, skewMs: Millis): readonly Happening[] => {
  const name = world.clients.findById(client.id)?.name ?? client.id;
  return client.secrets.flatMap(({ expiresAtMs }) =>
    expiresAtMs === undefined
      ? []
      : [
          {
            atMs: expiresAtMs - skewMs,
            kind: 'secret_expired' as const,
            client: name,
            says: `A secret of the client ${name} expired.`,
          },
        ],
  );
};

const grantExpiries = (
  world: World,
  grant: Grant,
  { policy }: Client,
  toWorld: (seconds: number) => Millis,
): readonly Happening[] => {
  if (grant.revocation !== undefined) return [];
  const name = world.grants.nameOf(grant.id);
  const { tokenExpiresAt, grantExpiresAt } = standingOf(grant, policy, {
    nowMs: world.clock.serverNow(),
    doubt: undefined,
  });
  const at = (seconds: number, kind: Happening['kind'], says: string): Happening => ({
    atMs: toWorld(seconds),
    kind,
    grant: name,
    says,
  });
  const lastUseMs = grant.rotatedAtMs.at(-1);
  const hasOverlap = lastUseMs !== undefined && policy.rotation === 'overlap' && policy.overlapSeconds > 0;
  return [
    at(tokenExpiresAt, 'refresh_token_expired', `The refresh token ${name}/${grant.generation} expired.`),
    ...(grantExpiresAt === null ? [] : [at(grantExpiresAt, 'grant_expired', `The grant ${name} expired.`)]),
    ...(hasOverlap
      ? [
          at(
            lastUseMs / 1000 + policy.overlapSeconds,
            'overlap_ended',
            `${name}/${grant.generation - 1} may no longer be repeated.`,
          ),
        ]
      : []),
  ];
};
