import type { Client } from '../../clients/client.ts';
import { charactersOf, cleanName, cutName } from '../../clients/display-name.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { Texts } from './texts-en.ts';

/** Longer names are cut. */
const SHOWN_MAX_CHARACTERS = 60;

/** A name that somebody else chose, as pages show it; may be empty. */
export const showName = (name: string): string => cutName(cleanName(name), SHOWN_MAX_CHARACTERS);

/** The name of a client; its id if it has no name. */
export const nameClient = ({ name, id }: Pick<Client, 'name' | 'id'>): string => {
  const shown = showName(name);
  return shown === '' ? id : shown;
};

/** The first character of a name, for a client without a logo. */
export const initialOf = (name: string): string => (charactersOf(name)[0] ?? '').toUpperCase();

/** The make as people write it, for example `Land Rover`. */
export const nameMake = (make: string, texts: Texts): string =>
  (Object.hasOwn(texts.makes, make) ? texts.makes[make] : undefined) ??
  showName(make).replace(/(?:^|[ -])\p{L}/gu, (letter) => letter.toUpperCase());

/** The name of a vehicle: its owner's, else make and model. */
export const nameVehicle = (vehicle: Vehicle, texts: Texts): string => {
  const nickname = showName(vehicle.nickname);
  return nickname === '' ? nameModel(vehicle, texts) : nickname;
};

export const nameModel = ({ make, model }: Vehicle, texts: Texts): string =>
  `${nameMake(make, texts)} ${showName(model)}`.trimEnd();

/** Longer names would not fit on one line of a phone. */
const ONE_LINE_MAX_CHARACTERS = 18;

/** Joins the words of a short name with no-break spaces, so that a heading does not break inside the name. */
export const keepOnOneLine = (name: string): string =>
  name.length > ONE_LINE_MAX_CHARACTERS ? name : name.replaceAll(' ', '\u00A0');

/** A name inside of a text. Its direction changes nothing around it. */
export const isolate = (name: string): Content => html`<bdi>${name}</bdi>`;
