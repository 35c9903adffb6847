import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect, SandboxClient } from '@keyfob/server/dialects';
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

/** The dialects that a world speaks. */
export const DIALECT_NAMES: readonly string[] = Object.keys(DIALECTS);

const dialects: readonly Dialect[] = Object.values(DIALECTS);

const readyClient = (dialect: string, { purpose, policy }: SandboxClient): ReadyClient => ({
  dialect,
  purpose,
  ...(policy === undefined ? {} : { policy }),
});

/**
 * The clients of every world, named after what they do. The name of a dialect alone has the policy that its vendor
 * documents. The order decides which ids and secrets a seed gives.
 */
export const READY_CLIENTS: Readonly<Record<string, ReadyClient>> = Object.fromEntries([
  ...dialects.map(({ name, sandbox }) => [name, readyClient(name, { purpose: sandbox.purpose })] as const),
  ...dialects.flatMap(({ name, sandbox: { variants = {} } }) =>
    Object.entries(variants).map(
      ([variant, client]) => [`${name}-${variant}`, readyClient(name, client)] as const,
    ),
  ),
]);

/**
 * Where owners return to in every world, on any port of the machine. Only one, because some SDKs name none and mean the
 * only one.
 */
export const REDIRECT_URIS: readonly string[] = ['http://localhost/callback'];
