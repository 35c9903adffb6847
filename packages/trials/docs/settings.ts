import { environmentNameOf, SETTINGS } from '@keyfob/server';
import type { Setting, SettingName } from '@keyfob/server';
import { renderTable } from './table.ts';

const INTRODUCTION = `# Settings

<!-- Written by \`npm run docs\`. -->

A setting comes from its flag, else from its environment variable, else from the JSON file that \`--config\` or \`KEYFOB_CONFIG\` names (by the name in
the first column), else it has its default. An unknown name is refused with the nearest known one. Commands other than \`serve\` have only the
flags that they need.
`;

const showDefault = (preset: unknown): string =>
  preset === undefined ? '' : `\`${typeof preset === 'string' ? preset : JSON.stringify(preset)}\``;

/** The page of all settings, from the table that the program reads. */
export const renderSettings = (): string => {
  const rows = (Object.entries<Setting>(SETTINGS) as [SettingName, Setting][]).map(
    ([name, { flag, effect, default: preset }]) => [
      `\`${name}\``,
      flag === undefined ? '' : `\`${flag}\``,
      `\`${environmentNameOf(name)}\``,
      showDefault(preset),
      effect,
    ],
  );
  return `${INTRODUCTION}\n${renderTable(['setting', 'flag', 'environment', 'default', 'effect'], rows)}`;
};
