import * as v from 'valibot';
import { OperatorError } from './errors.ts';
import {
  environmentNameOf,
  isSettingName,
  isSettingVariable,
  nearestSetting,
  settingNameOf,
} from './settings/names.ts';
import { SETTINGS } from './settings/settings.ts';
import { isSafeUrl } from './settings/values.ts';
import type { Config } from './settings/settings.ts';
import type { Setting } from './settings/values.ts';

export type { Config, Settings } from './settings/settings.ts';

/** Values by the name of the setting. */
type Values = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Where settings come from. */
export type ConfigSources = {
  readonly flags?: Values;
  readonly environment?: Environment;
  readonly file?: Values;
};

/**
 * The frozen configuration. Flags win over the environment (`KEYFOB_BODY_MAX_BYTES` for `bodyMaxBytes`), the environment
 * over the file, the file over the default. Throws `OperatorError` `config_invalid` with every fault; an unknown name is
 * reported with the nearest known one. Never prints a value, because it may be a key.
 */
export const parseConfig = ({ flags = {}, environment = {}, file = {} }: ConfigSources): Config => {
  const values = { ...file, ...readEnvironment(environment), ...dropUndefined(flags) };
  const unknown = Object.keys(values)
    .filter((name) => !isSettingName(name))
    .map((name) => describeUnknown(name, environment));
  const result = v.safeParse(schema, values);
  const nameOf = (name: string): string => givenName(name, { flags, environment, file });
  const faults = [
    ...unknown,
    ...(result.success ? [] : result.issues.map((issue) => describeIssue(issue, nameOf))),
  ];
  if (result.success && faults.length === 0) return Object.freeze(result.output as Config);
  throw new OperatorError(
    'config_invalid',
    `the configuration is invalid: ${faults.join('; ')}`,
    'Correct it where it was given: a flag, an environment variable KEYFOB_..., or the file named with --config.',
  );
};

const entries = Object.fromEntries(
  Object.entries<Setting>(SETTINGS).map(([name, { schema: value, default: preset }]) => [
    name,
    v.optional(value, preset),
  ]),
);

const haveBoth = (one: unknown, other: unknown): boolean => (one === undefined) === (other === undefined);

const schema = v.pipe(
  v.object(entries),
  v.check(
    (values) => Number(values['headersTimeoutSeconds']) <= Number(values['requestTimeoutSeconds']),
    'headersTimeoutSeconds must be at most requestTimeoutSeconds',
  ),
  v.check(
    ({ publicUrl, insecurePublicUrl }) =>
      typeof publicUrl !== 'string' || insecurePublicUrl === true || isSafeUrl(publicUrl),
    'publicUrl must use https; http is for 127.0.0.1, [::1] and localhost, or with insecurePublicUrl',
  ),
  v.check(
    ({ socket, publicUrl }) => socket === undefined || publicUrl !== undefined,
    'socket needs publicUrl, because no URL leads to it',
  ),
  v.check(
    ({ key, keyFile, keyCommand }) =>
      [key, keyFile, keyCommand].filter((source) => source !== undefined).length <= 1,
    'give one of key, keyFile and keyCommand, not several',
  ),
  v.check(
    ({ mtlsPort, mtlsCertificateFile, mtlsKeyFile }) =>
      haveBoth(mtlsPort, mtlsCertificateFile) && haveBoth(mtlsPort, mtlsKeyFile),
    'mtlsPort, mtlsCertificateFile and mtlsKeyFile go together',
  ),
  v.check(
    ({ clientCertificateHeader, clientCertificateProxies }) =>
      haveBoth(clientCertificateHeader, clientCertificateProxies),
    'clientCertificateHeader and clientCertificateProxies go together: a header that anybody may send proves nothing',
  ),
  v.check(
    ({ signInIssuer, signInClientId }) => haveBoth(signInIssuer, signInClientId),
    'signInIssuer and signInClientId go together',
  ),
  v.check(
    ({ operatorSignInIssuer, operatorSignInClientId, operatorRoles }) =>
      haveBoth(operatorSignInIssuer, operatorSignInClientId) && haveBoth(operatorSignInIssuer, operatorRoles),
    'operatorSignInIssuer, operatorSignInClientId and operatorRoles go together',
  ),
);

/** A fault, with settings under the names by which they were given. */
const describeIssue = (issue: v.BaseIssue<unknown>, nameOf: (name: string) => string): string => {
  const name = v.getDotPath(issue);
  if (name !== null) return `${nameOf(name)} ${issue.message}`;
  return issue.message.replaceAll(/\b[a-zA-Z]+\b/g, (word) => (isSettingName(word) ? nameOf(word) : word));
};

/** The name of a setting where it was given: its flag, its variable, or its member in the file. */
const givenName = (name: string, { flags = {}, environment = {}, file = {} }: ConfigSources): string => {
  if (!isSettingName(name)) return name;
  const { flag }: Setting = SETTINGS[name];
  if (flags[name] !== undefined) return flag?.split(' ')[0] ?? name;
  const variable = environmentNameOf(name);
  return environment[variable] !== undefined || Object.keys(file).length === 0 ? variable : name;
};

const readEnvironment = (environment: Environment): Values =>
  Object.fromEntries(
    Object.entries(environment)
      .filter(([name, value]) => value !== undefined && isSettingVariable(name, value))
      .map(([name, value]) => [settingNameOf(name), value]),
  );

const dropUndefined = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const describeUnknown = (name: string, environment: Environment): string => {
  const variable = Object.keys(environment).find((one) => one !== name && settingNameOf(one) === name);
  const nearest = nearestSetting(name);
  const unknown = `unknown setting ${variable ?? name}`;
  if (nearest === undefined) return unknown;
  return `${unknown}, did you mean ${variable === undefined ? nearest : environmentNameOf(nearest)}?`;
};
