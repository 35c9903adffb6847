import * as v from 'valibot';
import { CLOCK_MAX_MS, CLOCK_MIN_MS } from '../clock/world-clock.ts';
import { DIALECT_NAMES } from './ready-clients.ts';

/** A moment: ISO 8601 with a time zone, or a date alone for its beginning in UTC. */
export const moment = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/,
    'must be a moment such as 2026-01-01 or 2026-01-01T08:30:00Z',
  ),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'must be a moment that exists'),
  v.check(
    (text) => Date.parse(text) >= CLOCK_MIN_MS && Date.parse(text) <= CLOCK_MAX_MS,
    'must be from 2000 to 2100',
  ),
);

const SKEW_MAX_SECONDS = 30 * 86_400;

/** A clock from its fields; all are optional in a change. */
export const clockFields = {
  mode: v.optional(v.picklist(['frozen', 'running'])),
  /** Seconds of the world in a real one, where it runs. */
  rate: v.optional(v.pipe(v.number(), v.minValue(0.001), v.maxValue(1_000_000))),
  skewSeconds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(-SKEW_MAX_SECONDS), v.maxValue(SKEW_MAX_SECONDS)),
  ),
};

const policy = v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.null()]));
const name = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens'),
);
const redirectUris = v.pipe(v.array(v.pipe(v.string(), v.maxLength(2048))), v.minLength(1), v.maxLength(20));
const builtIn = v.pipe(
  v.string(),
  v.regex(/^[\w.~-]{1,128}$/, 'must be 1 to 128 letters, digits and any of - _ . ~'),
);
const CLIENTS_MAX = 50;
const bounded = <Schema extends v.GenericSchema>(values: Schema) =>
  v.pipe(
    v.record(name, values),
    v.check((record) => Object.keys(record).length <= CLIENTS_MAX, `must be at most ${CLIENTS_MAX}`),
  );

/** A world to create. */
export const newWorld = v.strictObject({
  /** The moment at which it begins, or that with how its time passes. Frozen at the present moment by default. */
  clock: v.optional(v.union([moment, v.strictObject({ now: v.optional(moment), ...clockFields })])),
  /** The same seed gives the same ids, secrets, keys and chances. A new one by default. */
  seed: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
  /** What differs from the policies of ready-made clients, by the name of the client. */
  policies: v.optional(bounded(policy)),
  /** More clients, by the names that they get. */
  clients: v.optional(
    bounded(
      v.strictObject({
        dialect: v.picklist(DIALECT_NAMES as [string, ...string[]]),
        policy: v.optional(policy),
        redirectUris: v.optional(redirectUris),
        /** That of the dialect's clients by default. */
        type: v.optional(v.picklist(['confidential', 'public'])),
        /** Those that a program has built in, instead of new ones. */
        clientId: v.optional(builtIn),
        clientSecret: v.optional(builtIn),
      }),
    ),
  ),
  /** Where owners return to, for every client that has no own list. */
  redirectUris: v.optional(redirectUris),
  /** Whether it gets a port of its own, for clients that take an origin and no path. */
  port: v.optional(v.boolean(), false),
  /** Whether the authorization endpoint answers the redirect at once, as if the owner had agreed. */
  autoConsent: v.optional(v.boolean(), false),
});

export type NewWorld = v.InferInput<typeof newWorld>;
export type WorldDefinition = v.InferOutput<typeof newWorld>;
