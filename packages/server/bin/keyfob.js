#!/usr/bin/env node
// Plain JavaScript that an old Node can still parse, so that a wrong version is told so and not met with a syntax error.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `keyfob: needs Node 24 or newer, and this is ${process.version}.\n` +
      'In a clone, run "npm ci" once and then "npx keyfob ..." or "npm run keyfob -- ...": they use the Node the project brings.',
  );
  process.exit(1);
}
const { existsSync } = await import('node:fs');
const source = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url));
