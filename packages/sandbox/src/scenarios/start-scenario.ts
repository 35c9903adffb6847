import { DEFAULT_DIALECT } from '@keyfob/server/dialects';
import * as v from 'valibot';
import type { Fault, NewFault } from '../faults/fault.ts';
import { armFault } from '../faults/parse-fault.ts';
import { findGrant } from '../grants/change-grant.ts';
import { createGrantIn } from '../grants/create-world-grant.ts';
import type { CreatedGrant } from '../grants/create-world-grant.ts';
import { parseInput } from '../parse-input.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { PlannedAct } from '../worlds/running-scenarios.ts';
import type { WorldClient } from '../worlds/world-clients.ts';
import type { World } from '../worlds/world.ts';
import { changePolicy, performAct } from './perform-act.ts';
import type { Stage } from './perform-act.ts';
import { sayAct } from './say-act.ts';
import type { Arm, Perform, Scenario } from './scenario.ts';
import { findScenario } from './scenarios.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(100));

/** How a scenario is started. */
export const scenarioOrder = v.strictObject({
  /** Its client is the one of that name; `smartcar` by default. */
  dialect: v.optional(name),
  /** The client whose grant it is about, by its name in the world. */
  client: v.optional(name),
  /** A grant that there is, by its name; by default the scenario makes one. */
  grant: v.optional(name),
});

export type ScenarioOrder = v.InferInput<typeof scenarioOrder>;

/** A scenario that was started. */
export type StartedScenario = {
  readonly scenario: Scenario;
  /** Where the client sends its requests: that of the world, unless the scenario gives another address. */
  readonly url: string;
  readonly certificate: string | undefined;
  /** As it is now. A secret that the scenario has rolled is new. */
  readonly client: WorldClient;
  /** The secret that the client had before, where the scenario has rolled it. */
  readonly secretBefore: string | undefined;
  /** The grant that it is about, by its name. */
  readonly grant: string;
  /** The grants that it has made, that one first. */
  readonly created: readonly CreatedGrant[];
  readonly faults: readonly Fault[];
  /** What was done at once, in sentences. */
  readonly did: readonly string[];
  /** What follows before later requests, in sentences. */
  readonly willDo: readonly string[];
};

/**
 * Starts a scenario in a world: makes its grant, arms its faults and does what it does at once. Throws `SandboxError` for an
 * unknown name, and for a client or a grant that cannot have it.
 */
export const startScenario = async (
  world: World,
  scenarioName: string,
  wanted: ScenarioOrder = {},
): Promise<StartedScenario> => {
  const scenario = findScenario(scenarioName);
  const order = parseInput(scenarioOrder, wanted);
  const client = await clientOf(world, order);
  refuseDialect(scenario, client);
  world.running.requireRoom();
  const { deployment } = world.server;
  const before = (await deployment.store.readClient(client.clientId)).client;
  if (before === undefined) throw new SandboxError('not_found', 'the client is gone', 'Reset the world.');
  if (scenario.policy !== undefined) await changePolicy(world, client.clientId, scenario.policy);
  const created = order.grant === undefined ? await createGrants(world, scenario, client) : [];
  const grant = created[0]?.grant ?? (await findGrant(world, order.grant ?? '')).name;
  const stage: Stage = {
    world,
    grant,
    policyBefore: before.policy,
    saved: undefined,
    door: undefined,
  };
  const faults: Fault[] = [];
  const did: string[] = [];
  const planned: PlannedAct[] = [];
  const close = (): void => stage.door?.close();
  try {
    for (const step of scenario.steps) {
      if (step.do === 'arm') faults.push(armFault(world, toFault(step, scenario, { world, grant, client })));
      else if (step.before === undefined) did.push(await performAct(stage, step.act));
      else planned.push(plan(stage, step, step.before));
    }
  } catch (error) {
    for (const { id } of faults) world.faults.disarm(id);
    close();
    throw error;
  }
  world.running.add({ name: scenario.name, grant, did, planned, close });
  const now = world.clients.find(client.name) ?? client;
  return {
    scenario,
    url: stage.door?.url ?? world.url,
    certificate: stage.door?.certificate,
    client: now,
    secretBefore: now.clientSecret === client.clientSecret ? undefined : client.clientSecret,
    grant,
    created,
    faults,
    did,
    willDo: planned.map(({ says }) => says),
  };
};

/** Ends a scenario of a world: its faults are removed, and what it planned does not happen. Throws `SandboxError`. */
export const endScenario = ({ faults, running }: World, scenarioName: string): void => {
  const { name: known } = findScenario(scenarioName);
  if (running.end(known) === 0)
    throw new SandboxError('not_found', `${known} does not go on in this world`, 'POST starts it.');
  for (const { id, scenario } of faults.list()) if (scenario === known) faults.disarm(id);
};

const clientOf = async (
  world: World,
  { dialect, client, grant }: v.InferOutput<typeof scenarioOrder>,
): Promise<WorldClient> => {
  const ofGrant =
    grant === undefined ? undefined : world.clients.findById((await findGrant(world, grant)).client.id);
  const wanted = client ?? dialect ?? ofGrant?.name ?? DEFAULT_DIALECT;
  const found = world.clients.find(wanted);
  const known = world.clients.list().map((one) => one.name);
  if (found === undefined)
    throw new SandboxError(
      'input_invalid',
      `client: there is no client ${wanted.slice(0, 60)}`,
      `Name one of ${known.join(', ')}.`,
    );
  if (ofGrant !== undefined && ofGrant.name !== found.name)
    throw new SandboxError(
      'input_invalid',
      `grant: it is of the client ${ofGrant.name}, not ${found.name}`,
      'Leave out client and dialect.',
    );
  if (dialect !== undefined && found.dialect !== dialect)
    throw new SandboxError(
      'input_invalid',
      `client: ${found.name} speaks ${found.dialect}, not ${dialect.slice(0, 60)}`,
      'Leave out dialect, or name a client of that dialect.',
    );
  return found;
};

const refuseDialect = ({ name: scenario, dialects }: Scenario, { dialect }: WorldClient): void => {
  if (dialects !== undefined && !dialects.includes(dialect))
    throw new SandboxError(
      'input_invalid',
      `the dialect ${dialect} has no scenario ${scenario}`,
      `Use a client of ${dialects.join(' or ')}.`,
    );
};

/** VINs for tests. */
const vinOf = (number: number): string => `KMHXX00XXXX${String(number).padStart(6, '0')}`;

const createGrants = async (
  world: World,
  { vehicles = 0, moreGrants = 0 }: Scenario,
  { name: client }: WorldClient,
): Promise<readonly CreatedGrant[]> => {
  const created: CreatedGrant[] = [];
  const taken = world.grants.list().length;
  for (let at = 1; at <= 1 + moreGrants; at++)
    created.push(
      await createGrantIn(world, {
        client,
        // A subject of its own each, so that no grant takes over another one's consent.
        subject: `owner-of-scenario-${taken + at}`,
        vehicles: Array.from({ length: vehicles }, (_, index) => vinOf(index + 1)),
      }),
    );
  return created;
};

type Target = { readonly world: World; readonly grant: string; readonly client: WorldClient };

const toFault = ({ of, fault }: Arm, { name: scenario }: Scenario, target: Target): NewFault => {
  const { do: action, on, times } = fault;
  const whose = of === 'grant' ? { grant: target.grant } : { client: target.client.name };
  return {
    on: { ...on, ...whose },
    do: 'redirectElsewhere' in action ? redirectElsewhere(action, target.world) : action,
    ...(times === undefined ? {} : { times }),
    scenario,
  };
};

/** The same listener by another name of this machine: for a client, another host. */
const redirectElsewhere = (
  {
    redirectElsewhere: path,
    status,
  }: { readonly redirectElsewhere: string; readonly status?: 302 | 307 | 308 },
  { url }: World,
): NewFault['do'] => {
  const elsewhere = new URL(url);
  elsewhere.hostname = elsewhere.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const base = elsewhere.href.replace(/\/$/, '');
  return { redirect: `${base}/elsewhere/${path}`, ...(status === undefined ? {} : { status }) };
};

const plan = (stage: Stage, { act, repeats = false }: Perform, before: number): PlannedAct => ({
  before,
  repeats,
  says: `Before request ${before}${repeats ? ' and each later one' : ''}: ${sayAct(act)}.`,
  perform: () => performAct(stage, act),
});
