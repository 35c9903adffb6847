import type { Grant } from '../../grants/grant.ts';
import { toLink } from '../rows.ts';
import { writerOf } from '../links.ts';
import type { LinkVerbs } from '../links.ts';
import type { Connection } from './connection.ts';

/** The rows of connections themselves. */
export const createLinkVerbs = ({ database, commits }: Connection): Omit<LinkVerbs, 'useBinder'> => {
  const page = database.prepare('SELECT * FROM connections WHERE name > ? ORDER BY name LIMIT ?');
  const bind = database.prepare(
    'UPDATE connections SET binding = ? WHERE name = ? AND grant_id = ? AND client = ? AND coalesce(binding, ?) = ?',
  );
  return {
    links: (after, limit) => commits.read(() => page.all(after, limit).map(toLink)),
    bindLinks: (rows) =>
      commits.run(() => {
        for (const { link, binding } of rows)
          bind.run(binding, link.name, link.grantId, link.client, new Uint8Array(), link.binding);
      }),
  };
};

/**
 * Gives the connections of a grant to another one, or to another client, inside a transaction of the caller. Rows that another program
 * has written stay as they are.
 */
export const createLinkMove = ({
  database,
  links,
}: Pick<Connection, 'database' | 'links'>): ((fromId: string, to: Pick<Grant, 'id' | 'client'>) => void) => {
  const ofGrant = database.prepare('SELECT * FROM connections WHERE grant_id = ?');
  const move = database.prepare(
    'UPDATE connections SET grant_id = ?, client = ?, binding = ? WHERE name = ?',
  );
  return (fromId, { id, client }) => {
    for (const link of ofGrant
      .all(fromId)
      .map(toLink)
      .filter((one) => links.isBound(one)))
      move.run(id, client, links.bind({ name: link.name, grantId: id, client }), link.name);
  };
};

/** The connection of one name, inside a transaction of the caller. */
export const createLinking = ({
  database,
  links,
}: Pick<Connection, 'database' | 'links'>): {
  /** The id of its grant, and whether a keeper with other keys may have written that. A row that another program has written says nothing: it is written anew. */
  linkOf(name: string): { readonly grantId: string; readonly isOfOtherKeys: boolean } | undefined;
  link(name: string, grantId: string, client: string): void;
} => {
  const find = database.prepare('SELECT * FROM connections WHERE name = ?');
  const write = database.prepare(
    // Not OR REPLACE: connections are counted by triggers, and that would delete without one.
    `INSERT INTO connections (name, grant_id, client, binding) VALUES (?, ?, ?, ?) ON CONFLICT (name)
      DO UPDATE SET grant_id = excluded.grant_id, client = excluded.client, binding = excluded.binding`,
  );
  return {
    linkOf(name) {
      const row = find.get(name);
      if (row === undefined) return undefined;
      const link = toLink(row);
      const writer = writerOf(links, link);
      return writer === 'stranger'
        ? undefined
        : { grantId: link.grantId, isOfOtherKeys: writer === 'other_keys' };
    },
    link: (name, grantId, client) =>
      void write.run(name, grantId, client, links.bind({ name, grantId, client })),
  };
};
