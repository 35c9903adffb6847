import { toSeconds } from '../exports/grants.ts';
import type { Command } from 'commander';
import {
  readKeys,
  REPLACEMENT_WINDOW_SECONDS,
  rotateKeys,
  systemClock,
  withdrawKey,
} from '../exports/index.ts';
import type { KeyDetails, OperationContext, WantedWithdrawal } from '../exports/index.ts';
import { OperatorError } from '../exports/errors.ts';
import { createKeyLine, createKeyLines, KEY_PURPOSES } from '../exports/tokens.ts';
import type { KeyPurpose } from '../exports/tokens.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns, print, showTime, timeOrNull, UsageError, writeTime } from './command/output.ts';
import type { Report } from './command/output.ts';

const PURPOSE_OPTION = [
  '--purpose <purpose>',
  `one of ${KEY_PURPOSES.join(', ')} (default: one key of each that a ring needs)`,
] as const;

export const addKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .summary('list, rotate and retire the keys that seal and sign')
    .description(
      'A key has one purpose: it seals tokens, signs JWTs, encrypts sessions, or signs webhooks. The newest of a purpose is ' +
        'active; older ones open what they made, until they are retired. Adding a key ends no token.',
    );
  addList(keys);
  addRotate(keys);
  addCreate(keys);
  addRetire(keys);
  addCompromise(keys);
};

const addList = (keys: Command): void => {
  withCommonOptions(keys.command('list'))
    .description('Lists the keys with their state and what depends on them. Never prints a key.')
    .addHelpText('after', '\nExample:\n  $ keyfob keys list')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const listed = await readKeys(context);
        const rows = listed.map((key) => [
          String(key.number),
          key.purpose,
          key.isInRing ? key.state : `${key.state}, not in the ring`,
          showTime(writeTime(key.sinceMs)),
          describeDependants(key) ?? '-',
          key.fingerprint,
        ]);
        return {
          json: { keys: listed.map(toJson) },
          text: alignColumns([['KEY', 'PURPOSE', 'STATE', 'SINCE', 'DEPENDANTS', 'FINGERPRINT'], ...rows]),
        };
      }),
    );
};

const addRotate = (keys: Command): void => {
  withCommonOptions(keys.command('rotate'))
    .description(
      'Adds a key of each purpose that the ring has, or of one, which is active from the next request on. Back up the key file afterwards.',
    )
    .option(...PURPOSE_OPTION)
    .addHelpText(
      'after',
      '\nExamples:\n  $ keyfob keys rotate --purpose seal\n  $ keyfob keys rotate --purpose sign-rs256    # before a client is set to RS256',
    )
    .action(async (options: CommonOptions & { readonly purpose?: string }) => {
      const purpose = readPurpose(options.purpose);
      await onDeployment(options, async ({ store, clock }, { keys: source }) => {
        const added = await rotateKeys({ store, clock, keys: source }, purpose && [purpose]);
        const lines = added.map(
          ({ number, purpose: what }) => `key ${number} is now the active key: ${what}`,
        );
        return {
          json: {
            keys: added.map(({ number, purpose: what, createdAtMs, fingerprint }) => ({
              number,
              purpose: what,
              createdAt: writeTime(createdAtMs),
              fingerprint,
            })),
          },
          text: [...lines, 'back up the key file'].join('\n'),
        };
      });
    });
};

const addCreate = (keys: Command): void => {
  keys
    .command('create')
    .description(
      'Prints new key lines for a secret manager that provides the ring: a ring of one key of each purpose, or one line. Changes nothing.',
    )
    .option(...PURPOSE_OPTION)
    .option(
      '--number <number>',
      'the number of the first key in the ring; "keys list" shows which are used',
      '1',
    )
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', '\nExample:\n  $ keyfob keys create | your-secret-manager put keyfob-keys')
    .action(
      async (
        options: Pick<CommonOptions, 'json' | 'terminal'> & {
          readonly number: string;
          readonly purpose?: string;
        },
      ) => {
        const purpose = readPurpose(options.purpose);
        const number = readWholeNumber('--number', options.number, { least: 1 });
        const createdAt = toSeconds(systemClock());
        const text =
          purpose === undefined
            ? createKeyLines(number, createdAt)
            : createKeyLine(number, purpose, createdAt);
        const remedyIfLost = 'It is stored nowhere. Run the command again.';
        await print({ json: { keys: text.split('\n') }, text, remedyIfLost }, options);
      },
    );
};

const addRetire = (keys: Command): void => {
  withCommonOptions(keys.command('retire <number>'))
    .description(
      'Retires a key for good: nothing that it sealed or signed is accepted any more. Refuses while something depends on it. ' +
        'Its line may be removed from the ring afterwards.',
    )
    .option('--yes', 'retire it although something depends on it; the command without it says what')
    .addHelpText('after', '\nExample:\n  $ keyfob keys retire 1')
    .action(async (numberText: string, options: CommonOptions & { readonly yes?: boolean }) =>
      onDeployment(options, async (context) => {
        const key = await readKey(context, numberText);
        const dependants = describeDependants(key);
        if (key.isInUse && options.yes !== true) {
          throw new OperatorError(
            'key_in_use',
            `key ${key.number} (${key.purpose}) is in use: ${dependants}. ${RETIREMENT_COSTS[key.purpose]}`,
            'Wait until nothing depends on it, or repeat the command with --yes. Ended grants count until "keyfob prune" removes them. Nothing was changed.',
          );
        }
        return withdraw(context, key, { state: 'retired' });
      }),
    );
};

const addCompromise = (keys: Command): void => {
  withCommonOptions(keys.command('compromise <number>'))
    .description(
      'Declares that somebody else may have a key. What it signed, its access tokens, codes and sessions are refused at once. ' +
        'Its refresh tokens work once more, to be replaced by those of the active key, until the window ends.',
    )
    .option(
      '--window-days <days>',
      'how long refresh tokens are replaced, and webhooks signed with the key too; repeat the command to move the end',
      String(REPLACEMENT_WINDOW_SECONDS / DAY_SECONDS),
    )
    .option('--yes', 'do it; the command without it says what depends on the key')
    .addHelpText('after', '\nExample:\n  $ keyfob keys compromise 1 --window-days 14 --yes')
    .action(
      async (
        numberText: string,
        options: CommonOptions & { readonly windowDays: string; readonly yes?: boolean },
      ) => {
        const days = readWholeNumber('--window-days', options.windowDays, { least: 0, most: DAYS_MAX });
        await onDeployment(options, async (context) => {
          const key = await readKey(context, numberText);
          if (options.yes !== true) {
            throw new OperatorError(
              'not_confirmed',
              `${describeCompromise(key, days)} This cannot be undone.`,
              'Repeat the command with --yes. Nothing was changed.',
            );
          }
          return withdraw(context, key, { state: 'compromised', windowSeconds: days * DAY_SECONDS });
        });
      },
    );
};

const DAY_SECONDS = 86_400;
const DAYS_MAX = 3650;

const RETIREMENT_COSTS: Readonly<Record<KeyPurpose, string>> = {
  seal: 'Their refresh tokens would be refused, and their owners would have to give consent again.',
  sign: 'Access tokens that are JWTs would be refused before they expire.',
  session: "Owners would be signed out in the middle of their visit to the owners' pages.",
  webhook: 'Receivers that still verify by its secret would refuse every message.',
  'sign-rs256': 'Access tokens that are JWTs by RS256 would be refused before they expire.',
};

const describeCompromise = (key: KeyDetails, days: number): string => {
  const { number, grants, webhooks } = key;
  switch (key.purpose) {
    case 'seal':
      return `${countOf(grants, 'grant')} by key ${number} (seal): each has ${days} days to refresh, and is refused afterwards; their access tokens are refused at once.`;
    case 'sign':
    case 'sign-rs256':
      return `key ${number} (${key.purpose}): every JWT that it signed is refused at once; clients have to refresh.`;
    case 'session':
      return `key ${number} (session): owners who visit the owners' pages now have to sign in again.`;
    case 'webhook':
      return `${countOf(webhooks, 'webhook')} may verify by key ${number} (webhook): each receiver has ${days} days to take over the secret of the active key ("keyfob webhook show ID").`;
  }
};

const countOf = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** What depends on a key, in words; `undefined` for nothing. */
const describeDependants = ({ purpose, grants, webhooks, inUseUntilMs }: KeyDetails): string | undefined => {
  if (grants > 0) return countOf(grants, 'grant');
  if (webhooks > 0) return countOf(webhooks, 'webhook');
  if (inUseUntilMs === undefined) return undefined;
  return `${purpose === 'session' ? 'sessions' : 'JWTs'} until ${showTime(writeTime(inUseUntilMs))}`;
};

const readKey = async (context: OperationContext, text: string): Promise<KeyDetails> => {
  const number = readWholeNumber('the number of the key', text, { least: 1 });
  const key = (await readKeys(context)).find((one) => one.number === number);
  if (key === undefined) throw unknownKey(number);
  if (key.state === 'active') throw activeKey(key);
  if (key.state === 'retired') throw retiredKey(number);
  return key;
};

const withdraw = async (
  context: OperationContext,
  key: KeyDetails,
  wanted: WantedWithdrawal,
): Promise<Report> => {
  const { number, purpose, grants, webhooks } = key;
  switch (await withdrawKey(context, number, wanted)) {
    case 'unknown':
      throw unknownKey(number);
    case 'active':
      throw activeKey(key);
    case 'retired_before':
      throw retiredKey(number);
    case 'withdrawn': {
      const until =
        wanted.state === 'compromised' ? context.clock() + (wanted.windowSeconds ?? 0) * 1000 : undefined;
      const what = describeDependants(key);
      const lines = [
        `key ${number} (${purpose}) is ${wanted.state}${what === undefined ? '' : `; ${what} depended on it`}`,
        ...(until === undefined ? [] : [`its window ends ${showTime(writeTime(until))}`]),
      ];
      return {
        json: { number, purpose, state: wanted.state, opensUntil: timeOrNull(until), grants, webhooks },
        text: lines.join('\n'),
      };
    }
  }
};

const unknownKey = (number: number): OperatorError =>
  new OperatorError('key_unknown', `there is no key ${number}`, 'List the keys with "keyfob keys list".');

const activeKey = ({ number, purpose }: KeyDetails): OperatorError =>
  new OperatorError(
    'key_active',
    `key ${number} is the active key (${purpose})`,
    `Add its successor first, with "keyfob keys rotate --purpose ${purpose}" or in your secret manager, and see that every node has it. Nothing was changed.`,
  );

const retiredKey = (number: number): OperatorError =>
  new OperatorError('key_retired', `key ${number} is retired`, 'A retired key stays retired.');

const readPurpose = (text: string | undefined): KeyPurpose | undefined => {
  const purpose = KEY_PURPOSES.find((one) => one === text);
  if (text !== undefined && purpose === undefined)
    throw new UsageError(`--purpose must be one of ${KEY_PURPOSES.join(', ')}`);
  return purpose;
};

const toJson = (key: KeyDetails) => ({
  number: key.number,
  purpose: key.purpose,
  state: key.state,
  since: writeTime(key.sinceMs),
  createdAt: writeTime(key.createdAtMs),
  opensUntil: key.withdrawal?.state === 'compromised' ? writeTime(key.withdrawal.opensUntilMs) : null,
  inRing: key.isInRing,
  grants: key.grants,
  webhooks: key.webhooks,
  inUseUntil: timeOrNull(key.inUseUntilMs),
  fingerprint: key.fingerprint,
});
