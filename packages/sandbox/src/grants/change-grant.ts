import { reinstateGrant, revokeGrant, withdrawConsent } from '@keyfob/server';
import { dialectOf } from '@keyfob/server/dialects';
import { standingOf } from '@keyfob/server/grants';
import type { Grant } from '@keyfob/server/grants';
import type { Client } from '@keyfob/server/clients';
import { sealRefreshToken } from '@keyfob/server/tokens';
import { SandboxError } from '../sandbox-error.ts';
import type { World } from '../worlds/world.ts';
import { noteIssued } from './note-issued.ts';

/** A grant as its world knows it. */
export type FoundGrant = { readonly name: string; readonly grant: Grant; readonly client: Client };

/** Throws `SandboxError` `not_found`. */
export const findGrant = async ({ grants, store }: World, name: string): Promise<FoundGrant> => {
  const id = grants.find(name);
  const grant = id === undefined ? undefined : await store.current().readGrant(id);
  const { client } = grant === undefined ? {} : await store.current().readClient(grant.clientId);
  if (grant !== undefined && client !== undefined) return { name: grants.nameOf(grant.id), grant, client };
  throw new SandboxError('not_found', `there is no grant ${name}`, 'GET …/grants lists them.');
};

/** Ends a grant, by its owner or by an operator. Throws `SandboxError` if it has ended already. */
export const revokeWorldGrant = async (
  world: World,
  { name, grant }: FoundGrant,
  by: 'owner' | 'operator',
): Promise<void> => {
  const outcome = await revokeGrant(contextOf(world), grant, { cause: by, requestId: undefined });
  if (outcome !== 'revoked')
    throw new SandboxError('grant_state', `${name} was revoked before`, 'Reinstate it first.');
};

/** Throws `SandboxError` if it was not revoked, or if only a new consent opens it again. */
export const reinstateWorldGrant = async (world: World, { name, grant }: FoundGrant): Promise<void> => {
  const outcome = await reinstateGrant(contextOf(world), grant, { requestId: undefined });
  if (outcome === 'consent_needed')
    throw new SandboxError(
      'grant_state',
      `${name} was ended by its owner or its client`,
      'Send the owner through consent again, or revoke with {"by":"operator"}.',
    );
  if (outcome !== 'reinstated')
    throw new SandboxError('grant_state', `${name} was not revoked`, 'Revoke it first.');
};

/** The owner takes back one vehicle, or everything that is shared with the client. Throws `SandboxError`. */
export const withdrawFromGrant = async (
  world: World,
  { name, grant, client }: FoundGrant,
  vin: string | undefined,
): Promise<void> => {
  const vehicles = vin === undefined ? [] : await world.store.current().listVehicles(grant.id);
  const vehicle = vehicles.find((one) => one.vin === vin);
  if (vin !== undefined && vehicle === undefined)
    throw new SandboxError('not_found', `${name} does not cover ${vin}`, 'Create the grant with vehicles.');
  const { subject, brand } = grant;
  const what = { subject, brand, vehicleId: vehicle?.id, endsWhenEmpty: true };
  await withdrawConsent(contextOf(world), client, what, {
    requestId: world.nextRequestId(),
    caller: { address: '', userAgent: 'the owner' },
  });
};

/** Makes the refresh token, or all access tokens that are out, expire now. */
export const expireGrant = (
  world: World,
  { name, grant, client }: FoundGrant,
  what: 'access' | 'refresh',
): void => {
  const nowMs = world.clock.serverNow();
  if (what === 'access') return world.issuedAccess.expire(grant.id, Math.floor(nowMs / 1000));
  const { status, expiresAt } = standingOf(grant, client.policy, { nowMs, doubt: undefined });
  if (status !== 'active')
    throw new SandboxError(
      'grant_state',
      `the refresh token of ${name} is ${status} already`,
      'Create another grant.',
    );
  world.store.current().backdateGrant(grant.id, expiresAt * 1000 - nowMs);
};

/** A pair of tokens that somebody else got with the client's current refresh token. */
export type StolenPair = {
  readonly generation: number;
  readonly accessToken: string;
  readonly refreshToken: string;
};

/** The current refresh token of a grant, sealed again. */
export const currentTokenOf = (world: World, found: FoundGrant): string =>
  tokenOfGeneration(world, found, found.grant.generation);

/** The refresh token of a generation, sealed again. */
export const tokenOfGeneration = (
  world: World,
  { grant, client }: FoundGrant,
  generation: number,
): string => {
  const { shapes } = dialectOf(client);
  const { seal } = world.server.deployment.keyRing;
  return sealRefreshToken(
    seal.find(grant.keyNumber) ?? seal.active,
    shapes.refreshToken,
    grant.id,
    generation,
  );
};

/** Refreshes a grant as a thief who has the current token and the secret would: by a request of its own. */
export const rotateGrant = async (world: World, found: FoundGrant): Promise<StolenPair> => {
  const { grant, name, client } = found;
  const credentials = world.clients.findById(client.id);
  if (credentials === undefined)
    throw new SandboxError('not_found', `the client of ${name} is gone`, 'Reset the world.');
  const presented = currentTokenOf(world, found);
  const response = await world.server.respond(
    refreshRequest(world, found, { secret: credentials.clientSecret, refreshToken: presented }),
    { address: THIEF_ADDRESS, requestId: world.nextRequestId() },
  );
  const { readTokens } = dialectOf(client).sandbox;
  const { accessToken, refreshToken = presented } = readTokens(JSON.parse(response.body) as object);
  if (response.status !== 200 || accessToken === undefined)
    throw new SandboxError(
      'grant_state',
      `${name} cannot be refreshed: its token is dead`,
      'GET the grant to see why.',
    );
  await noteIssued(world, accessToken);
  const after = await world.store.current().readGrant(grant.id);
  return { generation: after?.generation ?? grant.generation, accessToken, refreshToken };
};

/** From the range for documentation (RFC 5737), so it belongs to no machine. */
const THIEF_ADDRESS = '203.0.113.7';

const refreshRequest = (
  world: World,
  { grant, client }: Pick<FoundGrant, 'grant' | 'client'>,
  { secret, refreshToken }: { readonly secret: string; readonly refreshToken: string },
) => {
  const { path, headers, body } = dialectOf(client).examples.refreshRequest(
    { clientId: client.id, clientSecret: secret },
    { refreshToken, brand: grant.brand },
  );
  return {
    method: 'POST',
    path: `${world.basePath}${path}`,
    query: '',
    headers: { host: new URL(world.url).host, 'user-agent': 'thief/1.0', ...headers },
    body: Buffer.from(body),
  };
};

/** What operations of the server work with: its own deployment, with the world's clock. */
const contextOf = ({ server }: World) => ({
  ...server.deployment,
  keyRing: server.deployment.keyRing,
  emit: server.report,
});
