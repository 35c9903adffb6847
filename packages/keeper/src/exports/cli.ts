export { runCommand } from '../cli/run-command.ts';
export type { Terminal, TerminalStream } from '../cli/terminal.ts';
export { CLIENT_MEMBERS } from '../config/client-settings.ts';
export { SETTINGS } from '../config/settings.ts';
export { WEBHOOK_MEMBERS } from '../config/webhook-settings.ts';
