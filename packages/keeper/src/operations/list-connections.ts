import type { GrantState } from '../grants/grant.ts';
import type { Store } from '../stores/store.ts';
import { viewOf } from '../reading/view.ts';
import type { ConnectionView } from '../reading/view.ts';

/** The states that a list can be asked for. */
export const STATES: readonly GrantState[] = [
  'active',
  'inflight',
  'uncertain',
  'staged',
  'suspect',
  'dead',
  'closed',
];

/** Which connections are wanted. */
export type ListFilter = {
  readonly state?: GrantState | undefined;
  readonly client?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
};

/** A page of connections. */
export type ConnectionPage = {
  readonly connections: readonly ConnectionView[];
  /** Give it as `after` for the next page; `null` at the end. */
  readonly next: string | null;
};

/** Connections by name, one page of them. */
export const listConnections = async (
  store: Pick<Store, 'list'>,
  { limit, ...filter }: ListFilter,
): Promise<ConnectionPage> => {
  const found = await store.list({ ...filter, limit: limit + 1 });
  const connections = found.slice(0, limit).map(({ name, grant }) => viewOf(name, grant));
  return { connections, next: found.length > limit ? (connections.at(-1)?.name ?? null) : null };
};
