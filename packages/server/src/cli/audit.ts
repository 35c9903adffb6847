import type { Command } from 'commander';
import { readAudit, verifyAudit } from '../exports/index.ts';
import { toPrintableJson } from '../exports/maintenance.ts';
import { entryToJson } from '../exports/operators.ts';
import type { AuditHead } from '../exports/operators.ts';
import { moreHint } from './command/more-hint.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns, UsageError, writeOutput } from './command/output.ts';

type ListOptions = CommonOptions & {
  readonly limit: string;
  readonly before?: string;
  readonly target?: string;
  readonly operator?: string;
};

const LIMIT_MAX = 1000;
const HEAD = /^(?<sequence>\d{1,15}):(?<hash>[0-9a-f]{64})$/;

export const addAudit = (program: Command): void => {
  const audit = program
    .command('audit')
    .summary('see what operators did, and check that nothing was taken out')
    .description(
      'The audit log has every write of an operator and every look at a grant by name. Entries are only added, and each has the hash of the one before it.',
    );
  withCommonOptions(audit.command('list'))
    .description('Lists the entries of the audit log, newest first.')
    .option('--limit <number>', `at most this many (up to ${LIMIT_MAX})`, '50')
    .option('--before <sequence>', 'only entries before this one, for the next page')
    .option('--target <target>', 'only entries about it, as in grant:ID or client:ID')
    .option('--operator <id>', 'only what this operator did or saw, by the id in --json')
    .addHelpText('after', '\nExample:\n  $ keyfob audit list --target grant:5f0c6a9de01b42ff')
    .action(list);
  withCommonOptions(audit.command('export'))
    .description('Writes every entry as a line of JSON, oldest first. The last line has the newest hash.')
    .option('--after <sequence>', 'only entries after this one', '0')
    .addHelpText('after', '\nExample:\n  $ keyfob audit export > audit.ndjson')
    .action(exportAll);
  withCommonOptions(audit.command('verify'))
    .description(
      'Checks every hash, that no entry is missing, and that the log ends where it must. Exit code 1 if something is wrong.',
    )
    .option('--head <sequence:hash>', 'a head that an earlier run printed: the log must still have it')
    .addHelpText('after', '\nExample:\n  $ keyfob audit verify')
    .action(verify);
};

const list = async (options: ListOptions): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    const { limit, before, target, operator } = options;
    const most = readWholeNumber('--limit', limit, { least: 1, most: LIMIT_MAX });
    const from =
      before === undefined ? Number.MAX_SAFE_INTEGER : readWholeNumber('--before', before, { least: 1 });
    const found = await store.listAudit({ before: from, limit: most + 1, target, operatorId: operator });
    const entries = found.slice(0, most);
    const rows = entries
      .map(entryToJson)
      .map(({ sequence, at, operator: who, action, target: about, outcome, reason }) => [
        String(sequence),
        at,
        who.name,
        outcome === 'not_done' ? `${action} (not done)` : action,
        about,
        reason,
      ]);
    const next = found.length > most ? (entries.at(-1)?.sequence ?? null) : null;
    const table = alignColumns([['ENTRY', 'AT', 'WHO', 'ACTION', 'TARGET', 'REASON'], ...rows]);
    const filters = {
      '--target': target,
      '--operator': operator,
      '--limit': limit,
      '--before': String(next),
    };
    return {
      json: { entries: entries.map(entryToJson), next },
      text: next === null ? table : `${table}\n\n${moreHint('audit list', options, filters)}`,
    };
  });

const exportAll = async ({ after, ...options }: CommonOptions & { readonly after: string }): Promise<void> =>
  onDeployment(options, async (context) => {
    const from = readWholeNumber('--after', after, { least: 0 });
    let written = 0;
    await readAudit(context, from, async (page) => {
      const lines = page.map((entry) => toPrintableJson(entryToJson(entry)));
      await writeOutput(options.terminal.output, `${lines.join('\n')}\n`);
      written += page.length;
    });
    const { sequence, hash } = await context.store.readAuditHead();
    const json = { exported: written, head: `${sequence}:${hash}` };
    return { json, text: JSON.stringify(json) };
  });

const readHead = (text: string): AuditHead => {
  const { sequence, hash } = HEAD.exec(text)?.groups ?? {};
  if (sequence === undefined || hash === undefined)
    throw new UsageError('--head must be SEQUENCE:HASH, as "keyfob audit verify" prints it');
  return { sequence: Number(sequence), hash };
};

const verify = async (options: CommonOptions & { readonly head?: string }): Promise<void> =>
  onDeployment(options, async (context) => {
    const known = options.head === undefined ? undefined : readHead(options.head);
    const { entries, head, fault } = await verifyAudit(context, known);
    const noted = `${head.sequence}:${head.hash}`;
    return {
      json: { entries, head: noted, fault: fault?.en ?? null },
      text:
        fault === undefined
          ? `${entries} entries, nothing is missing or changed\nhead ${noted}\nNote the head elsewhere: "keyfob audit verify --head" then proves that these entries are still the same.`
          : `${fault.en}\nthe entries up to ${head.sequence} are as they were written`,
      isFailure: fault !== undefined,
    };
  });
