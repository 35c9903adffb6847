import type { Command } from 'commander';
import { examineDeployment, writeFinding } from '../exports/maintenance.ts';
import { readConfig, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns, print } from './command/output.ts';

export const addDoctor = (program: Command): void => {
  withCommonOptions(program.command('doctor'))
    .summary('check the store, its files, keys, clients, nodes, disk, clock, TLS')
    .description(
      'Checks a store and prints one line per check, with a remedy where something is wrong. Exits with 1 if a check fails.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob doctor --data /var/lib/keyfob')
    .action(async (options: CommonOptions) => {
      const found = await examineDeployment(readConfig(options));
      const findings = found.map((finding) => writeFinding(finding, 'en'));
      const rows = findings.flatMap(({ check, verdict, finding, remedy }) => [
        [verdict, check, finding],
        ...(remedy === null ? [] : [['', '', `-> ${remedy}`]]),
      ]);
      const isHealthy = findings.every(({ verdict }) => verdict !== 'fail');
      await print(
        { json: { healthy: isHealthy, findings }, text: alignColumns(rows), isFailure: !isHealthy },
        options,
      );
    });
};
