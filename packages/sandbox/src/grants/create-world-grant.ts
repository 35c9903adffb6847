import { createGrant } from '@keyfob/server';
import { DEFAULT_DIALECT, findDialect } from '@keyfob/server/dialects';
import type { Vehicle } from '@keyfob/server/grants';
import { SandboxError } from '../sandbox-error.ts';
import type { WorldClient } from '../worlds/world-clients.ts';
import type { World } from '../worlds/world.ts';
import { parseInput } from '../parse-input.ts';
import { newGrant } from './new-grant.ts';
import { secondsOf } from '../seconds-of.ts';
import type { NewGrant, ParsedGrant } from './new-grant.ts';
import { noteIssued } from './note-issued.ts';

/** A grant with its first pair of tokens. */
export type CreatedGrant = {
  readonly grant: string;
  readonly client: WorldClient;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
};

const GRANTS_MAX = 100_000;
/** Tokens count their seconds from 1970. */
const CREATED_MIN_MS = Date.UTC(1980, 0, 1);

/** Creates a grant as an owner's consent and the exchange of its code would. Throws `SandboxError`. */
export const createWorldGrant = async (world: World, wanted: ParsedGrant): Promise<CreatedGrant> => {
  if (world.grants.list().length >= GRANTS_MAX)
    throw new SandboxError('too_many_grants', `this world has ${GRANTS_MAX} grants`, 'Create another world.');
  const { deployment } = world.server;
  const client = clientFor(world, wanted);
  const dialect = findDialect(client.dialect);
  const { client: stored } = await deployment.store.readClient(client.clientId);
  const ageMs = wanted.age === undefined ? 0 : secondsOf(wanted.age) * 1000;
  const createdAtMs = world.clock.serverNow() - ageMs;
  if (createdAtMs < CREATED_MIN_MS)
    throw new SandboxError('input_invalid', 'age: no grant is older than 1980', 'Give a smaller age.');
  const context = {
    ...deployment,
    keyRing: deployment.keyRing,
    clock: () => createdAtMs,
    // A stream of its own, so that requests in between do not change which ids grants get.
    randomness: world.grantRandomness,
  };
  const created = await createGrant(context, {
    clientId: client.clientId,
    subject: wanted.subject,
    scope: wanted.scope ?? stored?.policy.grantScope ?? '',
    brand: wanted.brand ?? dialect?.brands[0],
  });
  if (created.outcome === 'invalid')
    throw new SandboxError('input_invalid', created.faults.join('; '), 'Correct the grant.');
  if (created.outcome !== 'created')
    throw new SandboxError(
      'input_invalid',
      `client ${client.name}: ${created.outcome}`,
      'Use another client.',
    );
  const { grant, tokens } = created;
  const grantName = world.grants.nameOf(grant.id);
  if (wanted.vehicles.length > 0)
    await world.store.current().selectVehicles(
      grant.id,
      wanted.vehicles.map((one) => toVehicle(world, one)),
      {
        nowMs: createdAtMs,
      },
    );
  const { accessToken, refreshToken, expiresInSeconds } = tokens;
  await noteIssued(world, accessToken);
  return {
    grant: grantName,
    client,
    accessToken,
    refreshToken,
    expiresInSeconds: expiresInSeconds - ageMs / 1000,
  };
};

/** The same, from fields that are not checked yet. */
export const createGrantIn = (world: World, wanted: NewGrant = {}): Promise<CreatedGrant> =>
  createWorldGrant(world, parseInput(newGrant, wanted));

const clientFor = ({ clients }: World, { client: name, dialect }: ParsedGrant): WorldClient => {
  const named = name ?? dialect ?? DEFAULT_DIALECT;
  const client = clients.find(named);
  const names = clients.list().map((one) => one.name);
  if (client === undefined)
    throw new SandboxError(
      'input_invalid',
      `client: there is no client ${named}`,
      `Name one of ${names.join(', ')}.`,
    );
  if (dialect !== undefined && client.dialect !== dialect)
    throw new SandboxError(
      'input_invalid',
      `client: ${client.name} speaks ${client.dialect}, not ${dialect}`,
      'Leave out dialect, or name a client of that dialect.',
    );
  return client;
};

const toVehicle = (world: World, wanted: ParsedGrant['vehicles'][number]): Vehicle => {
  const { vin, make, model, year } =
    typeof wanted === 'string' ? { vin: wanted, make: 'hyundai', model: 'IONIQ 5', year: 2024 } : wanted;
  return { id: world.grantRandomness.uuid(), vin, make, model, year, nickname: '', powertrain: 'EV' };
};
