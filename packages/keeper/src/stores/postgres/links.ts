import type { Grant } from '../../grants/grant.ts';
import type { LinkBinder, LinkVerbs } from '../links.ts';
import { toLink } from '../rows.ts';
import type { Connections } from './connections.ts';
import type { Query } from './send.ts';

const PAGE = 'SELECT * FROM keeper_connections WHERE name > :after ORDER BY name LIMIT :limit';
const LOCK = 'SELECT 1 FROM keeper_connections WHERE name = ANY(:names::text[]) ORDER BY name FOR UPDATE';
const BIND = `UPDATE keeper_connections AS c SET binding = t.next
  FROM unnest(:names::text[], :ids::text[], :clients::text[], :before::bytea[], :next::bytea[])
    AS t (name, id, client, before, next)
  WHERE c.name = t.name AND c.grant_id = t.id AND c.client = t.client AND coalesce(c.binding, '') = t.before`;
const OF_GRANT = 'SELECT * FROM keeper_connections WHERE grant_id = :id ORDER BY name FOR UPDATE';
const MOVE = `UPDATE keeper_connections AS c SET grant_id = :id, client = :client, binding = t.binding
  FROM unnest(:names::text[], :bindings::bytea[]) AS t (name, binding) WHERE c.name = t.name`;

/** The rows of connections themselves. */
export const createLinkVerbs = ({ read, transact }: Connections): Omit<LinkVerbs, 'useBinder'> => ({
  links: async (after, limit) => (await read(PAGE, { after, limit })).map(toLink),
  async bindLinks(rows) {
    if (rows.length === 0) return;
    const names = rows.map(({ link }) => link.name);
    await transact(async (query) => {
      await query(LOCK, { names });
      await query(BIND, {
        names,
        ids: rows.map(({ link }) => link.grantId),
        clients: rows.map(({ link }) => link.client),
        before: rows.map(({ link }) => link.binding),
        next: rows.map(({ binding }) => binding),
      });
    });
  },
});

/** Gives the connections of a grant to another one, or to another client. Rows that another program has written stay as they are. */
export const moveLinks = async (
  query: Query,
  binder: LinkBinder,
  fromId: string,
  { id, client }: Pick<Grant, 'id' | 'client'>,
): Promise<void> => {
  const links = (await query(OF_GRANT, { id: fromId })).map(toLink).filter((link) => binder.isBound(link));
  if (links.length === 0) return;
  await query(MOVE, {
    id,
    client,
    names: links.map(({ name }) => name),
    bindings: links.map(({ name }) => binder.bind({ name, grantId: id, client })),
  });
};
