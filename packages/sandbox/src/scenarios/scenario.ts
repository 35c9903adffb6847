import type { NewFault } from '../faults/fault.ts';
import type { PolicyChange } from '../worlds/ready-clients.ts';

/**
 * One way in which a refresh goes wrong, as data: what the server does, what a right client does, and where it happened to
 * somebody. Adding one is a row here and a row of its test.
 */
export type Scenario = {
  readonly name: string;
  /** One sentence. */
  readonly serverDoes: string;
  /** One sentence. */
  readonly clientDoes: string;
  /** Where it happened: issues, as owner/repository#number or repository#number, or what was seen. */
  readonly source: string;
  /** Whether the server has exchanged the token where something goes wrong. */
  readonly committed: 'yes' | 'no' | 'once' | 'either' | 'nothing to commit';
  /** The dialects that have it; absent for every one. */
  readonly dialects?: readonly string[];
  /** What differs in the policy of the client from when its grant is made. */
  readonly policy?: PolicyChange;
  /** How many vehicles its grant covers; none if absent. */
  readonly vehicles?: number;
  /** How many more grants its client gets. */
  readonly moreGrants?: number;
  readonly steps: readonly Step[];
};

/** A fault to arm when the scenario starts. It is for the grant of the scenario, or for its whole client. */
export type Arm = {
  readonly do: 'arm';
  readonly of: 'grant' | 'client';
  readonly fault: Pick<NewFault, 'on' | 'times'> & { readonly do: NewFault['do'] | RedirectElsewhere };
};

/** A redirect to another host of this machine, which leads to the world again: its journal shows what arrives there. */
export type RedirectElsewhere = { readonly redirectElsewhere: string; readonly status?: 302 | 307 | 308 };

/** Something that a scenario does at once, or before a later token request of its grant. */
export type Perform = {
  readonly do: 'act';
  readonly act: Act;
  /** Absent for at once. */
  readonly before?: number;
  readonly repeats?: boolean;
};

export type Step = Arm | Perform;

/** What a scenario can do besides arming faults. */
export type Act =
  /** Changes the policy of the client. */
  | { readonly kind: 'policy'; readonly change: PolicyChange }
  /** Gives the client the policy back that it had before the scenario. */
  | { readonly kind: 'policyBefore' }
  /** Makes the grant and its token so old that its refresh token has this much left. */
  | { readonly kind: 'age'; readonly leftSeconds: number }
  /** Moves the clock on: by seconds, past the overlap and the race of a used token, or past the life of the refresh token. */
  | { readonly kind: 'pass'; readonly span: number | 'overlap' | 'refreshToken' }
  /** Refreshes as another holder of the current token does, with this much time after each. */
  | { readonly kind: 'refreshElsewhere'; readonly times: number; readonly everySeconds: number }
  | { readonly kind: 'saveServer' }
  | { readonly kind: 'restoreServer' }
  | { readonly kind: 'revoke' }
  /** Ends all grants of the client, spread over these seconds. */
  | { readonly kind: 'revokeAll'; readonly overSeconds: number }
  | { readonly kind: 'withdrawOneVehicle' }
  | { readonly kind: 'rollSecret'; readonly overlapSeconds: number }
  | { readonly kind: 'skew'; readonly seconds: number }
  | { readonly kind: 'open'; readonly door: Door };

/** Another address for the client, at which nothing can be sent. */
export type Door = 'reset' | 'expired' | 'noName';

const armFor =
  (of: Arm['of']) =>
  (action: Arm['fault']['do'], on: NewFault['on'] = {}, times?: NewFault['times']): Arm => ({
    do: 'arm',
    of,
    fault: { on, do: action, ...(times === undefined ? {} : { times }) },
  });

/** A fault on requests of the scenario's grant: once, unless `times` or `on` says otherwise. */
export const onGrant = armFor('grant');
/** A fault on requests of the scenario's client. */
export const onClient = armFor('client');
export const act = (what: Act): Perform => ({ do: 'act', act: what });
/** The same, before the token request of that number. */
export const beforeRequest = (before: number, what: Act): Perform => ({ do: 'act', act: what, before });
/** The same, before the token request of that number and every later one. */
export const beforeEach = (before: number, what: Act): Perform => ({
  do: 'act',
  act: what,
  before,
  repeats: true,
});

export const HOUR = 3600;
export const DAY = 86_400;
