import type { Client } from './client.ts';

/** Where a list of clients goes on: after the client with this moment of creation and this id, which may be removed since. */
export type ClientPlace = Pick<Client, 'createdAtMs' | 'id'>;

/** Before every client. */
export const FIRST_PLACE: ClientPlace = { createdAtMs: -1, id: '' };

/** After every client. */
export const LAST_PLACE: ClientPlace = { createdAtMs: Number.MAX_SAFE_INTEGER, id: '' };

/** A page of a list of clients, the oldest first. */
export type ClientPage = {
  readonly after?: ClientPlace | undefined;
  readonly limit: number;
};

export type ClientSearch = ClientPage & {
  /** Only clients with this text in the id or the name. Letters of ASCII are found in either case, others as they are. */
  readonly text?: string | undefined;
  /** The last client that is looked at, which may be removed since. Absent for all. */
  readonly until?: ClientPlace | undefined;
};

const PLACE = /^(?<createdAtMs>\d{1,16})-(?<id>.{1,255})$/su;

export const writeClientPlace = ({ createdAtMs, id }: ClientPlace): string => `${createdAtMs}-${id}`;

/** `undefined` for a text that is no place. */
export const readClientPlace = (text: string): ClientPlace | undefined => {
  const { createdAtMs, id } = PLACE.exec(text)?.groups ?? {};
  return createdAtMs === undefined || id === undefined ? undefined : { createdAtMs: Number(createdAtMs), id };
};

/** As databases do it in every locale. */
export const lowerAscii = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Cuts a page out of clients that are all in memory, oldest first. */
export const searchClients = (
  clients: readonly Client[],
  { text, after = FIRST_PLACE, until = LAST_PLACE, limit }: ClientSearch,
): readonly Client[] =>
  clients
    .filter((client) => compare(client, after) > 0 && compare(client, until) <= 0 && hasText(client, text))
    .sort(compare)
    .slice(0, limit);

const compare = (left: ClientPlace, right: ClientPlace): number =>
  left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);

const hasText = ({ id, name }: Client, text = ''): boolean =>
  [id, name].some((one) => lowerAscii(one).includes(lowerAscii(text)));
