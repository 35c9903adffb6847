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
const isClone = existsSync(source);
if (isClone) {
  // Types are stripped once and not at every start, which makes a command three times as quick.
  const { enableCompileCache } = await import('node:module');
  const { fileURLToPath } = await import('node:url');
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
}
await import(isClone ? source : new URL('../dist/cli/main.js', import.meta.url));
