import type { ControlClient } from './control-client.ts';
import { SandboxProblem } from './sandbox-problem.ts';
import { createWorldClock } from './world-clock.ts';
import type { WorldClock } from './world-clock.ts';
import { createWorldFaults } from './world-faults.ts';
import type { WorldFaults } from './world-faults.ts';
import { createWorldGrant } from './world-grant.ts';
import type { NewGrant, WorldGrant } from './world-grant.ts';
import { readWorldRequests } from './world-requests.ts';
import type { RequestFilter, RequestWait } from './world-requests.ts';
import type { ScenarioOptions, StartedScenario } from './started-scenario.ts';
import type { ClockState, GrantState, Holds, WorldClient, WorldRequest } from './world-state.ts';

/** One issuer with its own clock, keys, clients, grants, faults and journal. It shares nothing with another world. */
export type World = {
  readonly id: string;
  /** The issuer, without a slash at its end: what the code under test takes for the vendor's host. */
  readonly url: string;
  /** With which the same world can be made again. */
  readonly seed: string;
  readonly clock: WorldClock;
  readonly faults: WorldFaults;
  /** Credentials by the name of the client. Throws for one that is not there, and names those that are. */
  client(name: ClientName): WorldClient;
  clients(): readonly WorldClient[];
  /** The variables that an SDK reads, to reach this world: give them to the process under test. */
  environment(sdk: SdkName): Readonly<Record<string, string>>;
  /** Creates a grant without a browser, with its first pair of tokens; of the client `smartcar` by default. */
  grant(grant?: NewGrant): Promise<WorldGrant>;
  grants(): Promise<readonly GrantState[]>;
  /** Starts a scenario by its name, such as `lost-answer-after`: docs/reference/scenarios.md lists them. */
  scenario(name: string, options?: ScenarioOptions): Promise<StartedScenario>;
  /** Says what presenting a token would cause, without effect. */
  holds(token: string): Promise<Holds>;
  /** The requests that are over, oldest first; with `count`, as soon as there are so many. */
  requests(filter?: RequestFilter & RequestWait): Promise<readonly WorldRequest[]>;
  /** Gives a client a new secret; the old one stays valid for so long, by default not at all. */
  rollSecret(client: ClientName, options?: { readonly overlapSeconds?: number }): Promise<WorldClient>;
  /** Copies the state of the server. `restore` puts it back, as a backup or an old replica has it; the clock goes on. */
  checkpoint(): Promise<{ restore(): Promise<void> }>;
  /** Puts the world back to how it was created: clock, grants, faults and journal. */
  reset(): Promise<void>;
  /** Removes the world. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** The clients of every world, and those that were added. */
export type ClientName =
  | 'smartcar'
  | 'pleos'
  | 'oauth'
  | 'smartcar-strict'
  | 'smartcar-until-used'
  | 'smartcar-jwt'
  | 'pleos-overlap'
  | (string & {});

/** The SDKs whose variables are known. `pleos` and `oauth` are for code without an SDK. */
export type SdkName =
  'smartcar-node' | 'smartcar-python' | 'smartcar-java' | 'smartcar-ruby' | 'pleos' | 'oauth' | (string & {});

/** A world as the control API shows it. */
export type ShownWorld = {
  readonly id: string;
  readonly url: string;
  readonly seed: string;
  readonly clock: ClockState;
  readonly clients: Readonly<Record<string, WorldClient>>;
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

/** A world of a sandbox. `isOwn` says whether `close` removes it. */
export const openWorld = (
  control: ControlClient,
  first: ShownWorld,
  { isOwn, isSandboxClosed }: { readonly isOwn: boolean; readonly isSandboxClosed: () => boolean },
): World => {
  const { call } = control;
  const path = `/worlds/${first.id}`;
  const clock = createWorldClock(control, path, first.clock);
  let shown = first;
  const learn = (now: ShownWorld): void => {
    shown = now;
    clock.learn(now.clock);
  };
  const close = async (): Promise<void> => {
    if (!isOwn || isSandboxClosed()) return;
    await call('DELETE', path).catch((error: unknown) => {
      // A sandbox removes worlds that nobody uses.
      if (!(error instanceof SandboxProblem && error.code === 'not_found')) throw error;
    });
  };
  return {
    id: first.id,
    url: first.url,
    seed: first.seed,
    clock,
    faults: createWorldFaults(control, path),
    client: (name) => findIn(shown.clients, name, 'client'),
    clients: () => Object.values(shown.clients),
    environment: (sdk) => ({ ...findIn(shown.environment, sdk, 'SDK') }),
    grant: (grant = {}) =>
      createWorldGrant(
        control,
        path,
        grant.client === undefined && grant.dialect === undefined ? { client: 'smartcar', ...grant } : grant,
      ),
    grants: async () =>
      (await call<{ readonly grants: readonly GrantState[] }>('GET', `${path}/grants`)).grants,
    scenario: (name, options = {}) => call('POST', `${path}/scenarios/${encodeURIComponent(name)}`, options),
    holds: (token) => call('POST', `${path}/holds`, { token }),
    requests: (filter = {}) => readWorldRequests(control, path, filter),
    async rollSecret(name, { overlapSeconds = 0 } = {}) {
      findIn(shown.clients, name, 'client');
      const body = { overlapSeconds };
      const client = await call<WorldClient>('POST', `${path}/clients/${name}/roll-secret`, body);
      learn(await call<ShownWorld>('GET', path));
      return client;
    },
    async checkpoint() {
      const { checkpoint } = await call<{ readonly checkpoint: number }>('POST', `${path}/checkpoints`, {});
      return { restore: () => call('POST', `${path}/checkpoints/${checkpoint}/restore`, {}) };
    },
    async reset() {
      learn(await call<ShownWorld>('POST', `${path}/reset`, {}));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};

const findIn = <Value>(values: Readonly<Record<string, Value>>, name: string, what: string): Value => {
  const found = Object.hasOwn(values, name) ? values[name] : undefined;
  if (found !== undefined) return found;
  throw new SandboxProblem(
    'input_invalid',
    `This world has no ${what} ${JSON.stringify(name)}`,
    `It has ${Object.keys(values).join(', ')}.`,
  );
};
