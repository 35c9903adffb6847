import type { Command } from 'commander';
import {
  auditWrite,
  detailsWithoutTokens,
  fitsAudit,
  holdsSecret,
  newGrantId,
  newShortId,
  recordAudit,
} from '../../exports/index.ts';
import type { Deployment } from '../../exports/index.ts';
import { writeGrantId } from '../../exports/tokens.ts';
import { osOperator } from './os-user.ts';
import { UsageError } from './output.ts';
import type { Report } from './output.ts';
import { REASON_OPTION } from './reason-option.ts';
import type { CommandTerminal, RunningCommand } from './terminal.ts';

type AuditedWrite = {
  /** Its name in the audit log. */
  readonly action: string;
  /** What its first argument names, or what it makes. */
  readonly kind?: string;
  /** Draws the id of what it makes, so that the entry before it names it. */
  readonly newId?: (randomness: Deployment['randomness']) => string;
};

/** The commands that change something. */
const WRITES: Readonly<Record<string, AuditedWrite>> = {
  'client create': { action: 'client.create', kind: 'client', newId: ({ uuid }) => uuid() },
  'client set': { action: 'client.change', kind: 'client' },
  'client enable': { action: 'client.enable', kind: 'client' },
  'client disable': { action: 'client.disable', kind: 'client' },
  'client remove': { action: 'client.remove', kind: 'client' },
  'client secret add': { action: 'secret.add', kind: 'client' },
  'client secret remove': { action: 'secret.remove', kind: 'client' },
  'registration create': { action: 'registration_token.make', kind: 'registration_token', newId: newShortId },
  'registration remove': { action: 'registration_token.remove', kind: 'registration_token' },
  'registration approve': { action: 'registration.approve', kind: 'client' },
  'registration refuse': { action: 'registration.refuse', kind: 'client' },
  'grant create': {
    action: 'grant.create',
    kind: 'grant',
    newId: (randomness) => writeGrantId(newGrantId(randomness)),
  },
  'grant revoke': { action: 'grant.revoke', kind: 'grant' },
  'grant reinstate': { action: 'grant.reinstate', kind: 'grant' },
  'webhook add': { action: 'webhook.add', kind: 'webhook', newId: newShortId },
  'webhook set': { action: 'webhook.change', kind: 'webhook' },
  'webhook remove': { action: 'webhook.remove', kind: 'webhook' },
  'webhook test': { action: 'webhook.test', kind: 'webhook' },
  'webhook retry': { action: 'webhook.retry', kind: 'webhook' },
  'keys rotate': { action: 'key.rotate' },
  'keys retire': { action: 'key.retire', kind: 'key' },
  'keys compromise': { action: 'key.compromise', kind: 'key' },
  'operator key add': { action: 'operator_key.add', kind: 'operator_key', newId: newShortId },
  'operator key remove': { action: 'operator_key.remove', kind: 'operator_key' },
  'console login': { action: 'console.login' },
  'console logout': { action: 'console.sign_out_all' },
  import: { action: 'grant.import' },
  prune: { action: 'grant.prune' },
};

/** The commands that show grants by name, and the options that make them do so; none where they always do. */
const LOOKS: Readonly<Record<string, { readonly action: string; readonly by: readonly string[] }>> = {
  'grant show': { action: 'grant.read', by: [] },
  'grant list': { action: 'grant.find', by: ['subject', 'vin'] },
  events: { action: 'grant.find', by: ['grant', 'subject', 'vin'] },
};

/** What is not for the audit log: where the store is, how the answer looks, owners, and URLs, which may hold a secret. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'data',
  'store',
  'keyFile',
  'scopesFile',
  'config',
  'json',
  'terminal',
  'reason',
  'subject',
  'url',
]);

const wordsOf = (command: Command): string =>
  command.parent === null ? '' : `${wordsOf(command.parent)} ${command.name()}`.trim();

export const runningCommand = (command: Command): RunningCommand => ({
  words: wordsOf(command),
  argument: command.args[0] ?? '',
  options: command.opts(),
});

/** Gives every command that changes something the option `--reason`. */
export const addReasonOptions = (program: Command): void => {
  for (const command of program.commands) {
    addReasonOptions(command);
    if (Object.hasOwn(WRITES, wordsOf(command))) command.option(...REASON_OPTION);
  }
};

/**
 * Runs a command's work; one that changes something gets its entry in the audit log before. The work gets the id of what it
 * is to make, if it makes anything. Throws what the work throws.
 */
export const auditCommand = async (
  deployment: Deployment,
  terminal: Pick<CommandTerminal, 'command' | 'environment'>,
  work: (newId: string | undefined) => Promise<Report>,
): Promise<Report> => {
  const { command, environment } = terminal;
  const written = command === undefined ? undefined : WRITES[command.words];
  if (command === undefined || written === undefined) {
    const report = await work(undefined);
    // A grant that is not found is not looked at.
    await noteLook(deployment, terminal);
    return report;
  }
  const { action, kind, newId } = written;
  const made = newId?.(deployment.randomness);
  const { reason, name } = command.options;
  for (const [option, text] of Object.entries({ reason, name }))
    if (typeof text === 'string' && (await holdsSecret(deployment, text)))
      throw new UsageError(`--${option} contains a token, a key or a secret: it would be stored`);
  // Somebody may give a token where an id is expected.
  const about = (await holdsSecret(deployment, command.argument)) ? '' : command.argument;
  const given = Object.fromEntries(Object.entries(command.options).filter(([one]) => !LEFT_OUT.has(one)));
  const details = await detailsWithoutTokens(deployment, given);
  // What the log could not say in full must not happen: somebody could hide a change behind others.
  if (!fitsAudit(details))
    throw new UsageError('this is too much for one entry of the audit log: give less at a time');
  const audited = {
    operator: osOperator(environment),
    action,
    target: kind === undefined ? '' : `${kind}:${made ?? about}`,
    reason: typeof reason === 'string' ? reason : '',
    requestId: '',
    details,
  };
  return auditWrite(
    deployment,
    audited,
    () => work(made),
    ({ isFailure }) => (isFailure === true ? 'failed' : undefined),
  );
};

/** Records a look at grants by name, before it is printed; for other commands nothing. Throws `StoreError`. */
export const noteLook = async (
  deployment: Deployment,
  { command, environment }: Pick<CommandTerminal, 'command' | 'environment'>,
): Promise<void> => {
  const look = command === undefined ? undefined : LOOKS[command.words];
  if (command === undefined || look === undefined) return;
  const { argument, options } = command;
  const by = look.by.filter((name) => options[name] !== undefined);
  if (look.by.length > 0 && by.length === 0) return;
  const named = argument === '' ? options['grant'] : argument;
  const audited = {
    operator: osOperator(environment),
    action: look.action,
    target: typeof named === 'string' ? `grant:${named.toLowerCase()}` : '',
    reason: '',
    requestId: '',
    details: by.length === 0 ? {} : { by },
  };
  await recordAudit(deployment, audited, 'seen');
};
