/** `@keyfob/server/cli`: the operator's commands, run in the process of a host. */
export { runCommand } from '../cli/run-command.ts';
export type { Terminal, TerminalStream } from '../cli/run-command.ts';
