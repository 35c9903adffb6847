import { changeClient } from '@keyfob/server';
import { faultInEnglish } from '@keyfob/server/errors';
import { standingOf } from '@keyfob/server/grants';
import type { Policy } from '@keyfob/server/clients';
import { advanceClock } from '../clock/advance-clock.ts';
import { findGrant, revokeWorldGrant, rotateGrant, withdrawFromGrant } from '../grants/change-grant.ts';
import type { FoundGrant } from '../grants/change-grant.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { PolicyChange } from '../worlds/ready-clients.ts';
import { rollSecret } from '../worlds/roll-secret.ts';
import type { World } from '../worlds/world.ts';
import { describeSpan } from './describe-span.ts';
import { openDoor } from './doors.ts';
import type { OpenDoor } from './doors.ts';
import type { Act } from './scenario.ts';

/** A scenario while it acts. */
export type Stage = {
  readonly world: World;
  /** Its grant, by name. */
  readonly grant: string;
  /** The policy of its client before the scenario. */
  readonly policyBefore: Policy;
  /** What the server had stored when it was saved. */
  saved: Uint8Array | undefined;
  door: OpenDoor | undefined;
};

type Performers = {
  readonly [Kind in Act['kind']]: (
    stage: Stage,
    act: Extract<Act, { readonly kind: Kind }>,
    found: FoundGrant,
  ) => Promise<string> | string;
};

/** Does one thing of a scenario, and answers what it did in a sentence. Throws `SandboxError`. */
export const performAct = async (stage: Stage, act: Act): Promise<string> => {
  const found = await findGrant(stage.world, stage.grant);
  return PERFORMERS[act.kind](stage, act as never, found);
};

/** Sets fields of the policy of a client. Throws `SandboxError` for a value that its client cannot have. */
export const changePolicy = async (world: World, clientId: string, policy: PolicyChange): Promise<void> => {
  const { deployment } = world.server;
  const context = { ...deployment, keyRing: deployment.keyRing };
  const changed = await changeClient(context, clientId, { policy });
  if (changed.outcome === 'invalid')
    throw new SandboxError(
      'input_invalid',
      changed.faults.map(faultInEnglish).join('; '),
      'Use another client.',
    );
};

const PERFORMERS: Performers = {
  async policy({ world }, { change }, { client }) {
    await changePolicy(world, client.id, change);
    return `The policy of the client changed: ${JSON.stringify(change)}.`;
  },
  async policyBefore({ world, policyBefore }, _, { client }) {
    const { dialectOptions: _options, ...fields } = policyBefore;
    await changePolicy(world, client.id, fields);
    return 'The client has its policy of before again.';
  },
  age({ world }, { leftSeconds }, { grant, client, name }) {
    const nowMs = world.clock.serverNow();
    const { expiresAt } = standingOf(grant, client.policy, { nowMs, doubt: undefined });
    world.store.current().backdateGrant(grant.id, Math.max(0, (expiresAt - leftSeconds) * 1000 - nowMs));
    return `The refresh token of ${name} has ${describeSpan(leftSeconds)} left.`;
  },
  async pass({ world }, { span }, { client }) {
    const seconds = typeof span === 'number' ? span : SPANS[span](client.policy);
    const { nowMs } = await advanceClock(world, { byMs: seconds * 1000 });
    return `The clock moved on by ${describeSpan(seconds)}, to ${new Date(nowMs).toISOString()}.`;
  },
  async refreshElsewhere({ world, grant: name }, { times, everySeconds }) {
    for (let at = 0; at < times; at++) {
      await rotateGrant(world, await findGrant(world, name));
      await advanceClock(world, { byMs: everySeconds * 1000 });
    }
    return `Another holder of the token refreshed ${name} ${times} times, ${describeSpan(everySeconds)} apart.`;
  },
  saveServer(stage) {
    stage.saved = stage.world.store.current().copyContent();
    return 'The state of the server was copied.';
  },
  async restoreServer({ world, saved }) {
    if (saved !== undefined) await world.inTurn(() => world.store.restore(saved));
    return 'The server was put back to its copy.';
  },
  async revoke({ world }, _, found) {
    await revokeWorldGrant(world, found, 'owner');
    return `The owner ended ${found.name}.`;
  },
  async revokeAll({ world }, { overSeconds }, { client }) {
    const all = await grantsOf(world, client.id);
    for (const [at, found] of all.entries()) {
      await revokeWorldGrant(world, found, 'operator');
      if (at < all.length - 1) await advanceClock(world, { byMs: (overSeconds * 1000) / all.length });
    }
    return `All ${all.length} grants of the client were ended, within ${overSeconds} seconds.`;
  },
  async withdrawOneVehicle({ world }, _, found) {
    const vehicles = await world.store.current().listVehicles(found.grant.id);
    // Their ids come from the seed; their VINs do not.
    const [first] = [...vehicles].sort((one, other) => one.vin.localeCompare(other.vin));
    if (first === undefined || vehicles.length < 2)
      throw new SandboxError(
        'grant_state',
        `${found.name} covers ${vehicles.length} vehicles, and this scenario needs two`,
        'Leave out grant, or create it with two vehicles.',
      );
    await withdrawFromGrant(world, found, first.vin);
    return `The owner took back the vehicle ${first.vin} from ${found.name}.`;
  },
  async rollSecret({ world }, { overlapSeconds }, { client }) {
    const name = world.clients.findById(client.id)?.name ?? '';
    await rollSecret(world, name, overlapSeconds);
    const end = overlapSeconds === 0 ? 'is refused' : `works for ${describeSpan(overlapSeconds)} more`;
    return `The client ${name} has a new secret; the one before ${end}.`;
  },
  skew({ world }, { seconds }) {
    world.clock.change({ skewSeconds: seconds });
    return `The clock of the server is ${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead' : 'behind'}.`;
  },
  async open(stage, { door }) {
    stage.door?.close();
    stage.door = await openDoor(door, stage.world);
    return `The other address is ${stage.door.url}.`;
  },
};

const SPANS = {
  overlap: ({ overlapSeconds, raceSeconds }: Policy) => overlapSeconds + raceSeconds,
  refreshToken: ({ refreshTokenLifetimeSeconds }: Policy) => refreshTokenLifetimeSeconds,
};

/** The grants of a client that are alive, by their names in the world. */
const grantsOf = async (world: World, clientId: string): Promise<readonly FoundGrant[]> => {
  const known = await Promise.all(
    world.grants
      .list()
      .map(async ({ id, name }) => ((await world.store.current().readGrant(id)) ? [name] : [])),
  );
  const all = await Promise.all(known.flat().map((name) => findGrant(world, name)));
  return all.filter(({ grant, client }) => client.id === clientId && grant.revocation === undefined);
};
