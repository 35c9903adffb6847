import { DIALECTS } from '@keyfob/server/dialects';
import type { PolicyField } from '@keyfob/server/clients';

/** Fields of a policy that differ from those of the dialect. */
export type PolicyChange = Partial<Readonly<Record<PolicyField, unknown>>>;

/** A client that a world starts with. */
export type ReadyClient = {
  readonly dialect: string;
  /** What it does, in one sentence. */
  readonly purpose: string;
  readonly policy?: PolicyChange;
};

/**
 * The clients of every world, named after what they do. The name of a dialect alone has the policy that its vendor
 * documents. The order decides which ids and secrets a seed gives, so a new one is added at the end.
 */
export const READY_CLIENTS: Readonly<Record<string, ReadyClient>> = {
  smartcar: {
    dialect: 'smartcar',
    purpose: 'Smartcar as documented: a used token may be repeated for 1 minute.',
  },
  pleos: { dialect: 'pleos', purpose: 'Pleos as documented: a used token is dead at once.' },
  oauth: { dialect: 'oauth', purpose: 'Plain OAuth 2.0 with rotation.' },
  'smartcar-strict': {
    dialect: 'smartcar',
    purpose: 'Smartcar without the minute: a used token is dead at once.',
    policy: { rotation: 'strict', overlapSeconds: 0 },
  },
  'smartcar-until-used': {
    dialect: 'smartcar',
    purpose: 'Smartcar, and a used token works until its successor is used.',
    policy: { rotation: 'until-used' },
  },
  'smartcar-jwt': {
    dialect: 'smartcar',
    purpose: 'Smartcar with access tokens that are JWTs, and so depend on the clock of their reader.',
    policy: { accessTokenFormat: 'jwt' },
  },
  'pleos-overlap': {
    dialect: 'pleos',
    purpose: 'Pleos where a used token may be repeated for 1 minute.',
    policy: { rotation: 'overlap', overlapSeconds: 60 },
  },
};

/**
 * Where owners return to in every world, on any port of the machine. Only one, because some SDKs name none and mean the
 * only one.
 */
export const REDIRECT_URIS: readonly string[] = ['http://localhost/callback'];

/** The dialects that a world speaks. */
export const DIALECT_NAMES: readonly string[] = Object.keys(DIALECTS);
