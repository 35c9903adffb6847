import { renderCommands } from './commands.ts';
import { readHelp } from './help.ts';
import { renderPolicies } from './policies.ts';
import { renderSettings } from './settings.ts';

/** The pages that are written from the program, by their paths. */
export const renderReference = async (): Promise<Readonly<Record<string, string>>> => {
  const commands = await readHelp([]);
  return {
    'docs/reference/commands.md': renderCommands(commands),
    'docs/reference/policies.md': renderPolicies(commands),
    'docs/reference/settings.md': renderSettings(),
  };
};
