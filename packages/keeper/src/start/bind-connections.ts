import type { BoundLink } from '../stores/links.ts';
import type { Store } from '../stores/store.ts';
import { sleep } from '../time.ts';
import type { Clock } from '../time.ts';
import { isOfCurrentKey } from '../vault/bind.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { noteBound } from './check-keys.ts';
import { isLinkBound } from './link-binder.ts';
import type { KeyedBinder } from './link-binder.ts';

/** How the rows of connections were bound. */
export type BoundConnections = {
  readonly bound: number;
  /** Those that another program has written, and that were not accepted; the first hundred of them by name. */
  readonly refused: readonly string[];
};

type Parts = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly links: KeyedBinder;
};

const ROWS_AT_ONCE = 500;
const REFUSED_MAX = 100;

/**
 * Binds the rows of connections to the current key. In a store of a version that bound none, all rows as they are: from then on every row
 * must be bound, so no process of that version may use the store any more. In any other store, those that were bound with an
 * older key, and those that are accepted by name. It may be stopped at any time, and run again.
 */
export const bindConnections = async (
  parts: Parts,
  accepted: readonly string[],
): Promise<BoundConnections> => {
  const { store, keys, links } = parts;
  const refused: string[] = [];
  const isAccepted = (link: BoundLink): boolean =>
    !links.isDemanded() || accepted.includes(link.name) || isLinkBound(keys, link);
  const bound = await bindEach(parts, (link) => {
    if (isAccepted(link)) return true;
    if (refused.length < REFUSED_MAX) refused.push(link.name);
    return false;
  });
  if (!links.isDemanded()) {
    await noteBound(store, await store.identity(), keys);
    links.demand();
  }
  return { bound, refused };
};

/** Binds with the current key what was bound with another one. Returns how many those were. */
export const rebindConnections = (parts: Parts): Promise<number> =>
  bindEach(parts, (link) => isLinkBound(parts.keys, link));

const bindEach = async (
  { store, keys, clock, links }: Parts,
  isWanted: (link: BoundLink) => boolean,
): Promise<number> => {
  let bound = 0;
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: readonly BoundLink[] = await store.links(after, ROWS_AT_ONCE);
    const rows = page
      .filter((link) => isWanted(link) && !(isLinkBound(keys, link) && isOfCurrentKey(keys, link.binding)))
      .map((link) => ({ link, binding: links.bind(link) }));
    if (rows.length > 0) await store.bindLinks(rows);
    bound += rows.length;
    after = page.length < ROWS_AT_ONCE ? undefined : page.at(-1)?.name;
    await sleep(clock, 0);
  }
  return bound;
};
