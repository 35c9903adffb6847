import type { Grant } from '../../grants/grant.ts';
import { toGrant } from '../rows.ts';
import { CLOSE } from './close.ts';
import type { Connection } from './connection.ts';
import { createLinkMove } from './links.ts';

/** Two grants that turn out to be one. */
type Twins = {
  /** Another grant that has this refresh token already. */
  twinOf(id: string, lookup: Uint8Array | undefined): Grant | undefined;
  /** Gives the connections of a grant to another one, and closes it. */
  merge(fromId: string, into: Grant): void;
};

/** Inside a transaction of the caller. */
export const createTwins = ({
  database,
  nowMs,
  links,
}: Pick<Connection, 'database' | 'nowMs' | 'links'>): Twins => {
  const find = database.prepare("SELECT * FROM grants WHERE lookup = ? AND state <> 'closed' AND id <> ?");
  const moveLinks = createLinkMove({ database, links });
  const close = database.prepare(CLOSE);
  return {
    twinOf(id, lookup) {
      const row = lookup === undefined ? undefined : find.get(lookup, id);
      return row === undefined ? undefined : toGrant(row);
    },
    merge(fromId, into) {
      moveLinks(fromId, into);
      close.run(nowMs(), fromId);
    },
  };
};
