import { nearestName } from '../nearest-name.ts';
import { SETTINGS } from './settings.ts';
import type { SettingName } from './settings.ts';
import type { Setting } from './values.ts';

const ENVIRONMENT_PREFIX = 'KEYFOB_';

/** The variable of a setting: `KEYFOB_BODY_MAX_BYTES` for `bodyMaxBytes`. */
export const environmentNameOf = (setting: string): string =>
  `${ENVIRONMENT_PREFIX}${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** The setting that a variable is for, whether it exists or not. */
export const settingNameOf = (variable: string): string =>
  variable
    .slice(ENVIRONMENT_PREFIX.length)
    .toLowerCase()
    .replace(/_(?<letter>[a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** What Kubernetes puts into a pod for every service of its namespace, such as one called keyfob or keyfob-admin. */
const SERVICE_VARIABLE = /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/;
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

/** Whether a variable is meant as a setting. */
export const isSettingVariable = (variable: string, value: string): boolean => {
  if (!variable.startsWith(ENVIRONMENT_PREFIX) || variable === 'KEYFOB_CONFIG') return false;
  return !SERVICE_VARIABLE.test(variable) && !(variable.endsWith('_PORT') && SERVICE_ADDRESS.test(value));
};

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

/** The option of a setting for the help of a command: its flag, and its effect with its variable and its default. */
export const optionOf = (name: SettingName): readonly [flag: string, text: string] => {
  const { flag = '', effect, default: preset }: Setting = SETTINGS[name];
  const sentence = effect.replace(/\.$/, '').replaceAll('`', '');
  const text = sentence.replace(/^[A-Z](?=[a-z]+\b)/, (letter) => letter.toLowerCase());
  const byDefault = preset === undefined ? '' : `; default: ${String(preset)}`;
  return [flag, `${text} (or ${environmentNameOf(name)}${byDefault})`];
};

/** The known setting that is closest to a misspelt one; `undefined` if none is close. */
export const nearestSetting = (name: string): SettingName | undefined =>
  nearestName(name, Object.keys(SETTINGS).filter(isSettingName));
