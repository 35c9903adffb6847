import type * as v from 'valibot';
import type { Ask } from '../control/control.ts';
import type {
  checkpointListShape,
  clockShape,
  faultListShape,
  faultShape,
  grantListShape,
  grantShape,
  requestPageShape,
  requestShape,
  runningScenarioListShape,
  scenarioListShape,
  tokenListShape,
  worldListShape,
  worldShape,
} from '../control/shapes.ts';

type Shown<Shape extends v.GenericSchema> = v.InferOutput<Shape>;

export type ShownWorld = Shown<typeof worldShape>;
export type ShownClock = Shown<typeof clockShape>;
export type ShownGrant = Shown<typeof grantShape>;
export type ShownFault = Shown<typeof faultShape>;
export type ShownRequest = Shown<typeof requestShape>;
export type ShownTokens = Shown<typeof tokenListShape>;
export type ListedWorld = Shown<typeof worldListShape>['worlds'][number];

export type ShownScenario = Shown<typeof scenarioListShape>['scenarios'][number];
export type RunningScenario = Shown<typeof runningScenarioListShape>['scenarios'][number];

/** All that the page of a world shows, as the control API answers it. */
export type WorldView = {
  readonly world: ShownWorld;
  readonly worlds: readonly ListedWorld[];
  /** The newest, oldest first. */
  readonly grants: readonly ShownGrant[];
  readonly grantCount: number;
  readonly faults: readonly ShownFault[];
  /** Newest first. */
  readonly requests: readonly ShownRequest[];
  /** From which change of the journal on there is more. */
  readonly after: number;
  readonly scenarios: readonly ShownScenario[];
  /** Those that were started. */
  readonly running: readonly RunningScenario[];
  readonly checkpoints: Shown<typeof checkpointListShape>['checkpoints'];
};

export const REQUESTS_SHOWN_MAX = 50;
const GRANTS_SHOWN_MAX = 100;

/** Reads a world. Throws `SandboxError` `not_found`. */
export const readWorldView = async (ask: Ask, id: string): Promise<WorldView> => {
  const path = `/worlds/${encodeURIComponent(id)}`;
  const read = <Value>(below: string, query = {}): Promise<Value> =>
    ask({ method: 'GET', path: below, query }) as Promise<Value>;
  const world = await read<ShownWorld>(path);
  const last = { last: String(REQUESTS_SHOWN_MAX) };
  const [worlds, grants, faults, journal, scenarios, running, checkpoints] = await Promise.all([
    readWorlds(ask),
    read<Shown<typeof grantListShape>>(`${path}/grants`, { last: String(GRANTS_SHOWN_MAX) }),
    read<Shown<typeof faultListShape>>(`${path}/faults`),
    read<Shown<typeof requestPageShape>>(`${path}/requests`, last),
    read<Shown<typeof scenarioListShape>>('/scenarios'),
    read<Shown<typeof runningScenarioListShape>>(`${path}/scenarios`),
    read<Shown<typeof checkpointListShape>>(`${path}/checkpoints`),
  ]);
  return {
    world,
    worlds,
    grants: grants.grants,
    grantCount: worlds.find((one) => one.id === world.id)?.grants ?? grants.grants.length,
    faults: faults.faults,
    requests: journal.requests.toSorted((left, right) => right.number - left.number),
    after: journal.next,
    scenarios: scenarios.scenarios,
    running: running.scenarios,
    checkpoints: checkpoints.checkpoints,
  };
};

export const readWorlds = async (ask: Ask): Promise<readonly ListedWorld[]> =>
  ((await ask({ method: 'GET', path: '/worlds' })) as Shown<typeof worldListShape>).worlds;
