import type { Command } from 'commander';
import { examine } from '../operations/doctor/examine.ts';
import type { Finding } from '../operations/doctor/finding.ts';
import { settingsOf, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';
import { wrapText } from './table.ts';
import { widthOf } from './terminal.ts';

/** `keyfob-keeper doctor`: what is wrong, and what to do about it. */
export const addDoctor = (program: Command): void => {
  withCommonOptions(program.command('doctor'))
    .summary('check settings, keys, store, clients, disk and schedule')
    .description(
      'Checks a deployment and prints one line per check, with a remedy where something is wrong. It changes nothing. It exits with 1 if a check fails.',
    )
    .option(
      '--canary',
      'also ask each provider, with a token that was made up, whether it accepts the secret; no grant is touched',
    )
    .option(
      '--whole-store',
      'read every page of a SQLite store, also one of more than 1 GiB; takes some seconds per GiB',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper doctor --canary')
    .action(async (options: CommonOptions & { readonly canary?: boolean; readonly wholeStore?: boolean }) => {
      const findings = await examine(settingsOf(options), {
        isAskingProviders: options.canary === true,
        isWholeStore: options.wholeStore === true,
      });
      const isHealthy = findings.every(({ verdict }) => verdict !== 'fail');
      const text = textOf(findings, widthOf(options.terminal.output));
      await print({ json: { healthy: isHealthy, findings }, text, isFailure: !isHealthy }, options);
    });
};

const textOf = (findings: readonly Finding[], width: number): string => {
  const checkWidth = Math.max(...findings.map(({ check }) => check.length));
  const indent = ' '.repeat(checkWidth + 8);
  return findings
    .flatMap(({ check, verdict, finding, remedy }) => [
      wrapText(`${verdict.padEnd(4)}  ${check.padEnd(checkWidth)}  ${finding}`, width, indent),
      ...(remedy === null ? [] : [wrapText(`${indent}-> ${remedy}`, width, `${indent}   `)]),
    ])
    .join('\n');
};
