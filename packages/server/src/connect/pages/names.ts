import type { Client } from '../../clients/client.ts';
import type { Texts } from './texts-en.ts';

/** The name of a client; its id if it has no name. */
export const nameClient = ({ name, id }: Pick<Client, 'name' | 'id'>): string => (name === '' ? id : name);

/** The make as people write it, for example `Land Rover`. */
export const nameMake = (make: string, texts: Texts): string =>
  (Object.hasOwn(texts.makes, make) ? texts.makes[make] : undefined) ??
  make.replace(/(?:^|[ -])\p{L}/gu, (letter) => letter.toUpperCase());

/** Longer names would not fit on one line of a phone. */
const ONE_LINE_MAX_CHARACTERS = 18;

/** Joins the words of a short name with no-break spaces, so that a heading does not break inside the name. */
export const keepOnOneLine = (name: string): string =>
  name.length > ONE_LINE_MAX_CHARACTERS ? name : name.replaceAll(' ', '\u00A0');
