import { Option } from 'commander';
import type { Command } from 'commander';
import {
  approveRegistration,
  listWaiting,
  makeRegistrationToken,
  refuseRegistration,
} from '../exports/index.ts';
import type { RegistrationDecided, WaitingRegistration } from '../exports/index.ts';
import {
  REGISTRATION_TOKEN_MAX_SECONDS,
  REGISTRATION_TOKENS_MAX,
  REGISTRATION_USES_MAX,
  SECURITY_PROFILES,
  writeClientPlace,
} from '../exports/clients.ts';
import type { RegistrationTerms, RegistrationToken } from '../exports/clients.ts';
import { DIALECTS } from '../exports/dialects.ts';
import { OperatorError, faultInEnglish } from '../exports/errors.ts';
import { readClientPage, withClientPage } from './client/client-page.ts';
import type { ClientPageOptions } from './client/client-page.ts';
import { moreHint } from './command/more-hint.ts';
import {
  onDeployment,
  readConfig,
  readName,
  readWholeNumber,
  toUsageError,
  withCommonOptions,
} from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns, showTime, writeTime } from './command/output.ts';

const DAY_SECONDS = 86_400;
const DAYS_MAX = REGISTRATION_TOKEN_MAX_SECONDS / DAY_SECONDS;

type CreateOptions = CommonOptions & {
  readonly dialect: string;
  readonly name: string;
  readonly uses: string;
  readonly days: string;
  readonly profile: RegistrationTerms['profile'];
  readonly grantScope?: string;
  readonly approved?: boolean;
};

export const addRegistration = (program: Command): void => {
  const registration = program
    .command('registration')
    .summary('let apps register themselves, and decide about those that did')
    .description(
      'Apps register themselves (RFC 7591) with a registration token, and get no tokens before somebody approves them. ' +
        'Needs the setting clientRegistration.',
    );
  addCreate(registration);
  withCommonOptions(registration.command('tokens'))
    .description('Lists the registration tokens. Never prints a token.')
    .addHelpText('after', '\nExample:\n  $ keyfob registration tokens')
    .action(listTokens);
  withCommonOptions(registration.command('remove <id>'))
    .description('Removes a registration token. Clients that were registered with it stay.')
    .addHelpText('after', '\nExample:\n  $ keyfob registration remove 5f0c6a9de01b')
    .action(removeToken);
  withClientPage(withCommonOptions(registration.command('list')))
    .description(
      'Lists the clients that wait for approval, with what they ask for, oldest first, one page at a time.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob registration list --json')
    .action(listRegistrations);
  addDecision(registration, 'approve', {
    description: 'Lets a client be what it asks for, from its next request on.',
    decide: approveRegistration,
  });
  addDecision(registration, 'refuse', {
    description: 'Removes a client that was never approved; one that was stays as it is.',
    decide: refuseRegistration,
  });
};

const addCreate = (registration: Command): void => {
  withCommonOptions(registration.command('create'))
    .description('Makes a registration token and prints it once.')
    .addOption(
      new Option('--dialect <name>', 'the API that its clients speak')
        .choices(Object.keys(DIALECTS))
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'whom it is for, for people', '')
    .option('--uses <number>', `how many clients it registers, at most ${REGISTRATION_USES_MAX}`, '1')
    .option('--days <days>', `when it ends, at most ${DAYS_MAX}`, '7')
    .addOption(
      new Option('--profile <profile>', 'the security profile that its clients follow')
        .choices(SECURITY_PROFILES)
        .default('none'),
    )
    .option(
      '--grant-scope <scope>',
      'the most that owners may grant its clients, space separated (default: every scope of the dialect that only reads)',
    )
    .option('--approved', 'its clients need no approval, until they ask for more than they registered with')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob registration create --dialect oauth --name "Example GmbH"
  $ keyfob registration create --dialect oauth --profile fapi2 \\
      --uses 5 --days 30 --grant-scope "read_charge read_odometer"`,
    )
    .action(create);
};

const create = async (options: CreateOptions): Promise<void> =>
  onDeployment(options, async (context, _deployment, id) => {
    const { dialect, profile, grantScope, approved: isApproved = false } = options;
    const uses = readWholeNumber('--uses', options.uses, { least: 1, most: REGISTRATION_USES_MAX });
    const days = readWholeNumber('--days', options.days, { least: 1, most: DAYS_MAX });
    const name = readName(options.name);
    const expiresInSeconds = days * DAY_SECONDS;
    const wanted = { name, dialect, profile, grantScope, isApproved, uses, expiresInSeconds, id };
    const made = await makeRegistrationToken(context, wanted);
    if (made.outcome === 'invalid') throw toUsageError(made.faults, ['grantScope', 'profile']);
    if (made.outcome === 'too_many') {
      const remedy = 'Remove one with "keyfob registration remove".';
      const message = `there are ${REGISTRATION_TOKENS_MAX} registration tokens`;
      throw new OperatorError('registration_tokens_full', message, remedy);
    }
    const json = tokenToJson(made.token);
    const { clientRegistration } = readConfig(options);
    const rows = [
      ['token id', json.tokenId],
      ['registration token', `${made.text}  (shown only once)`],
      ['dialect', dialect],
      ['uses', String(uses)],
      ['expires', showTime(json.expiresAt)],
      ['owners may grant', json.grantScope || '-'],
      ['approval', isApproved ? 'not needed' : 'needed'],
    ];
    const off = '\n\nServers refuse it until KEYFOB_CLIENT_REGISTRATION is true.';
    return {
      json: { ...json, registrationToken: made.text },
      text: `${alignColumns(rows)}${clientRegistration ? '' : off}`,
      remedyIfLost: `Only its digest is stored. Remove it with "keyfob registration remove ${json.tokenId}", and make another.`,
    };
  });

const tokenToJson = ({ id, name, terms, usesLeft, createdAtMs, expiresAtMs }: RegistrationToken) => ({
  tokenId: id,
  name,
  ...terms,
  usesLeft,
  createdAt: writeTime(createdAtMs),
  expiresAt: writeTime(expiresAtMs),
});

const listTokens = async (options: CommonOptions): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    const tokens = (await store.listRegistrationTokens()).map(tokenToJson);
    const rows = tokens.map(({ tokenId, dialect, profile, usesLeft, expiresAt, isApproved, name }) => [
      tokenId,
      dialect,
      profile,
      String(usesLeft),
      showTime(expiresAt),
      isApproved ? 'not needed' : 'needed',
      name,
    ]);
    return {
      json: { registrationTokens: tokens },
      text: alignColumns([
        ['TOKEN ID', 'DIALECT', 'PROFILE', 'USES LEFT', 'EXPIRES', 'APPROVAL', 'NAME'],
        ...rows,
      ]),
    };
  });

const removeToken = async (id: string, options: CommonOptions): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    if ((await store.removeRegistrationToken(id)) === 'unknown') {
      const remedy = 'List them with "keyfob registration tokens".';
      throw new OperatorError('registration_token_unknown', `there is no registration token ${id}`, remedy);
    }
    return { json: { tokenId: id, removed: true }, text: `removed registration token ${id}` };
  });

const waitingToJson = ({ client, registration, kind, metadata, widened }: WaitingRegistration) => ({
  clientId: client.id,
  kind,
  version: registration.version,
  dialect: client.dialect,
  profile: registration.terms.profile,
  registeredAt: writeTime(client.createdAtMs),
  widened,
  metadata,
});

const listRegistrations = async (options: CommonOptions & ClientPageOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { registrations: waiting, next: place } = await listWaiting(context, readClientPage(options));
    const registrations = waiting.map(waitingToJson);
    const next = place === undefined ? null : writeClientPlace(place);
    const texts = registrations.map(({ clientId, kind, version, registeredAt, widened, metadata, dialect }) =>
      alignColumns([
        ['client id', clientId],
        ['asks', kind === 'new' ? 'to be registered' : `for more: ${widened.join(', ')}`],
        ['seen', String(version)],
        ['registered', showTime(registeredAt)],
        ['dialect', dialect],
        ...Object.entries(metadata).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ]),
    );
    const filters = { '--limit': options.limit, '--after': next ?? undefined };
    const more = next === null ? [] : [moreHint('registration list', options, filters)];
    return {
      json: { registrations, next },
      text: texts.length === 0 ? 'No client waits for approval.' : [...texts, ...more].join('\n\n'),
    };
  });

const addDecision = (
  registration: Command,
  name: 'approve' | 'refuse',
  { description, decide }: { readonly description: string; readonly decide: typeof approveRegistration },
): void => {
  withCommonOptions(registration.command(`${name} <clientId>`))
    .description(description)
    .requiredOption('--seen <number>', 'the number that "registration list" shows as seen')
    .addHelpText('after', `\nExample:\n  $ keyfob registration ${name} ID --seen 1`)
    .action(async (clientId: string, options: CommonOptions & { readonly seen: string }) =>
      onDeployment(options, async (context) => {
        const seen = readWholeNumber('--seen', options.seen, { least: 1 });
        const { outcome } = orThrow(await decide(context, { clientId, seen }), clientId);
        return { json: { clientId, outcome }, text: `${outcome} client ${clientId}` };
      }),
    );
};

const orThrow = (decided: RegistrationDecided, clientId: string): RegistrationDecided => {
  const remedy = 'List what waits with "keyfob registration list".';
  if (decided.outcome === 'unknown')
    throw new OperatorError('registration_unknown', `client ${clientId} does not wait for approval`, remedy);
  if (decided.outcome === 'invalid')
    throw new OperatorError(
      'registration_not_decided',
      decided.faults.map(faultInEnglish).join('; '),
      remedy,
    );
  return decided;
};
