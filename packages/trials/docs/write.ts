import { writeFileSync } from 'node:fs';
import { ROOT } from './documents.ts';
import { renderReference } from './reference.ts';

for (const [path, text] of Object.entries(await renderReference())) {
  writeFileSync(`${ROOT}${path}`, text);
  process.stdout.write(`${path}\n`);
}
