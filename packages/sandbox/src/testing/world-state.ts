/** A client of a world, with the secret that works now. */
export type WorldClient = {
  readonly name: string;
  readonly dialect: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
};

/** How the clock of a world is. */
export type ClockState = {
  /** ISO 8601, UTC. */
  readonly now: string;
  /** The same in milliseconds since 1970. */
  readonly nowMs: number;
  readonly mode: 'frozen' | 'running';
  /** Seconds of the world in a real one, where it runs. */
  readonly rate: number;
  readonly skewSeconds: number;
};

/** What happened while time passed. */
export type Happening = {
  readonly at: string;
  /** Such as `refresh_token_expired`. */
  readonly kind: string;
  /** Such as `g1`. */
  readonly grant?: string | undefined;
  readonly client?: string | undefined;
  /** In a sentence. */
  readonly says: string;
};

/** What a move of the clock answers: everything due in between has happened, in this order. */
export type Advanced = {
  readonly from: string;
  readonly now: string;
  readonly nowMs: number;
  readonly happened: readonly Happening[];
  /** How many more happened than are listed. */
  readonly more: number;
};

/** How a grant is at the server. */
export type GrantState = {
  /** Such as `g1`. */
  readonly grant: string;
  /** As log events and the operator's commands have it. */
  readonly id: string;
  readonly client: string;
  readonly dialect: string;
  readonly subject: string;
  readonly scope: string;
  readonly brand: string | null;
  readonly status: 'active' | 'in_doubt' | 'expired' | 'revoked';
  /** How often it was refreshed: the generation of its current refresh token. */
  readonly generation: number;
  readonly createdAt: string;
  /** When its current refresh token expires if nothing happens. */
  readonly expiresAt: string;
  /** The last moments at which it was refreshed, oldest first. */
  readonly rotatedAt: readonly string[];
  readonly revoked: { readonly at: string; readonly cause: string } | null;
  readonly vehicles: readonly {
    readonly id: string;
    readonly vin: string;
    readonly make: string;
    readonly model: string;
    readonly year: number;
  }[];
  /** The last replay, with what it looks like. */
  readonly replay: { readonly at: string; readonly generation: number; readonly looksLike: string } | null;
};

/** What presenting a token would cause now, without effect. */
export type Holds = {
  readonly kind: 'refresh_token' | 'access_token' | 'code' | 'unknown';
  /** Such as `g1`. */
  readonly grant: string | null;
  /** As log events have it. */
  readonly grantId: string | null;
  /** Of a refresh token: how many refreshes came before it. */
  readonly generation: number | null;
  /** The generation that a client should hold. */
  readonly currentGeneration: number | null;
  /** Whether it is the refresh token that a client should hold now, or an access token that is accepted. */
  readonly current: boolean;
  readonly wouldBe: 'rotate' | 'repeat' | 'resync' | 'replay' | 'refuse' | 'accept';
  /** Why, in a sentence. */
  readonly because: string;
  /** Until when that stays so, if nothing happens. */
  readonly until: string | null;
};

/** One request to a world, as its journal has it. No member holds a token or a secret. */
export type WorldRequest = {
  /** From 1, in the order of arrival. */
  readonly number: number;
  /** Counts every change of every request. */
  readonly sequence: number;
  /** What `sequence` was when it arrived: a request with a smaller `sequence` was over by then. */
  readonly arrivedSequence: number;
  /** Real milliseconds from the creation of the world to its arrival. */
  readonly arrivedRealMs: number;
  readonly stage: 'arrived' | 'committed' | 'sending' | 'ended';
  /** By the clock of the world, ISO 8601. */
  readonly at: string;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  /** Such as `token`, `authorize` or `vehicles`. */
  readonly endpoint: string;
  /** Of a token request: `refresh_token`, `authorization_code`. */
  readonly grantType: string | null;
  readonly client: string | null;
  /** Such as `g1`. */
  readonly grant: string | null;
  /** The token that was presented, by its name: `g1/3` is the refresh token of grant `g1` after three refreshes. */
  readonly token: string | null;
  /** How it was made. */
  readonly sent: {
    readonly authentication: 'basic' | 'body' | 'bearer' | 'none';
    readonly contentType: string | null;
    readonly parameters: readonly string[];
    readonly scope: string | null;
    readonly redirectUri: string | null;
  };
  readonly userAgent: string;
  /** What the server decided; `none` if it never got to that. */
  readonly verdict:
    'rotate' | 'repeat' | 'resync' | 'replay' | 'refuse' | 'redeem' | 'stored' | 'answered' | 'none';
  readonly because: string | null;
  /** The verdict in a sentence. */
  readonly says: string;
  /** Whether the server has stored something because of it. */
  readonly committed: boolean;
  /** The faults that happened to it, by id. */
  readonly faults: readonly string[];
  /** The answer that was made, whether or not it reached the client. */
  readonly answer: {
    readonly status: number;
    /** By its name, such as `g1/4`. */
    readonly refreshToken: string | null;
    readonly accessToken: string | null;
    readonly error: string | null;
    /** Of its `Retry-After`, counted from the answer. */
    readonly retryAfterSeconds: number | null;
    /** Whether a fault made it or changed it. */
    readonly madeUp: boolean;
  } | null;
  /** How much of the answer reached the client. */
  readonly delivered: 'all' | 'part' | 'none' | 'client_gone' | 'pending';
  readonly deliveredBytes: number | null;
  readonly tookMs: number | null;
};
