import { demandsBound } from '../../start/check-keys.ts';
import { isLinkBound } from '../../start/link-binder.ts';
import type { BoundLink } from '../../stores/links.ts';
import type { Identity, Store } from '../../stores/store.ts';
import { sleep, systemClock } from '../../time.ts';
import type { KeyRing } from '../../vault/key-ring.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const LOOK_AT_ONCE = 1000;
/** So many are counted, and so many named. */
const COUNTED_MAX = 1000;
const NAMED_MAX = 5;

/** Checks that the rows of connections were written with the keeper's key: others are refused. */
export const examineConnections = async (
  store: Pick<Store, 'links'>,
  identity: Identity,
  keys: KeyRing,
): Promise<readonly Finding[]> => {
  const { names, isMore } = await findUnbound(store, keys);
  if (names.length === 0) return [ok('connections', 'all were written with the key')];
  const count = isMore ? `${COUNTED_MAX} or more` : String(names.length);
  if (!demandsBound(identity, keys))
    return [
      bad(
        'connections',
        'warn',
        `${count} are not bound to the key: an earlier version made them, so who can write to the database can point them at another grant`,
        'When no process of that version is left, run "keyfob-keeper bind".',
      ),
    ];
  const named = names.slice(0, NAMED_MAX).join(', ');
  return [
    bad(
      'connections',
      'fail',
      `refused, because their rows were not written with the keeper's key: ${named}${names.length > NAMED_MAX ? ` and others (${count})` : ''}`,
      'Somebody else writes to the database, or a process of an earlier version still runs. Put their tokens again, or accept a row as it is with "keyfob-keeper bind --accept NAME".',
    ),
  ];
};

const findUnbound = async (
  store: Pick<Store, 'links'>,
  keys: KeyRing,
): Promise<{ readonly names: readonly string[]; readonly isMore: boolean }> => {
  const names: string[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: readonly BoundLink[] = await store.links(after, LOOK_AT_ONCE);
    for (const link of page) if (!isLinkBound(keys, link)) names.push(link.name);
    if (names.length >= COUNTED_MAX) return { names, isMore: true };
    after = page.length < LOOK_AT_ONCE ? undefined : page.at(-1)?.name;
    await sleep(systemClock, 0);
  }
  return { names, isMore: false };
};
