import { runCommand } from './run-command.ts';
import { processTerminal } from './command/terminal.ts';

// Every file that is created, the store and its log included, is for its owner only.
process.umask(0o077);
const exitCode = await runCommand(process.argv.slice(2), processTerminal());
if (exitCode !== 0) process.exitCode = exitCode;
