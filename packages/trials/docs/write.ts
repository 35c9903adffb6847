import { writeFileSync } from 'node:fs';
import { renderCommands } from './commands.ts';
import { ROOT } from './documents.ts';

/** The pages that are written from the program. */
export const GENERATED: Readonly<Record<string, () => Promise<string>>> = {
  'docs/reference/commands.md': renderCommands,
};

if (import.meta.main) {
  for (const [path, render] of Object.entries(GENERATED)) {
    writeFileSync(`${ROOT}${path}`, await render());
    process.stdout.write(`${path}\n`);
  }
}
