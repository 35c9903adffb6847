import type { ControlClient } from './control-client.ts';
import { writeDuration } from './duration.ts';
import type { Duration } from './duration.ts';
import type { GrantState } from './world-state.ts';

/** A grant to create without a browser. */
export type NewGrant = {
  /** By its name in the world, such as `smartcar` or `pleos-overlap`. */
  readonly client?: string;
  /** Instead of `client`: its client is the one of that name. */
  readonly dialect?: string;
  /** Who owns the cars; `owner-1` by default. */
  readonly subject?: string;
  /** VINs, or vehicles. */
  readonly vehicles?: readonly (
    string | { readonly vin: string; readonly make?: string; readonly model?: string; readonly year?: number }
  )[];
  /** What the client gets; by default all that it may. */
  readonly scope?: string;
  /** Of Pleos: the brand that it is bound to. */
  readonly brand?: string;
  /** How old the grant and its tokens already are: `{ days: 59 }`. */
  readonly age?: Duration;
};

/** A pair of tokens that somebody else got. */
export type StolenPair = {
  readonly generation: number;
  readonly accessToken: string;
  readonly refreshToken: string;
};

/** A grant with its first pair of tokens, and what can happen to it. */
export type WorldGrant = {
  /** Such as `g1`. */
  readonly name: string;
  readonly client: string;
  readonly clientId: string;
  readonly dialect: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token; negative where it has expired already. */
  readonly expiresInSeconds: number;
  /** How it is now. */
  read(): Promise<GrantState>;
  /** Ends it, by its owner if nothing else is said. */
  revoke(by?: 'owner' | 'operator'): Promise<GrantState>;
  /** The owner takes back one vehicle by its VIN, or everything. */
  withdraw(vin?: string): Promise<GrantState>;
  /** The refresh token, or every access token that is out, expires now. */
  expire(what?: 'refresh' | 'access'): Promise<GrantState>;
  /** Undoes a revocation by an operator or a replay. What the owner ended needs a new consent. */
  reinstate(): Promise<GrantState>;
  /** A thief who has the current token refreshes. */
  rotate(): Promise<StolenPair>;
};

type Created = Omit<
  WorldGrant,
  'name' | 'read' | 'revoke' | 'withdraw' | 'expire' | 'reinstate' | 'rotate'
> & {
  readonly grant: string;
};

/** Creates a grant. Throws `SandboxProblem`. */
export const createWorldGrant = async (
  { call }: ControlClient,
  path: string,
  { age, ...rest }: NewGrant,
): Promise<WorldGrant> => {
  const wanted = age === undefined ? rest : { ...rest, age: writeDuration(age) };
  const { grant: name, ...created } = await call<Created>('POST', `${path}/grants`, wanted);
  const own = `${path}/grants/${name}`;
  const change = (verb: string, body: object = {}): Promise<GrantState> =>
    call('POST', `${own}/${verb}`, body);
  return {
    name,
    ...created,
    read: () => call('GET', own),
    revoke: (by = 'owner') => change('revoke', { by }),
    withdraw: (vin) => change('withdraw', vin === undefined ? {} : { vin }),
    expire: (what = 'refresh') => change('expire', { what }),
    reinstate: () => change('reinstate'),
    rotate: () => call('POST', `${own}/rotate`, {}),
  };
};
