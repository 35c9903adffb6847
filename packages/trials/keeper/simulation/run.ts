// npm run sim:keeper -- --steps 1000000 --seed 7 --kind once
import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';
import type { ProviderKind } from './virtual-provider.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kind: { type: 'string' },
  },
});
const KINDS: readonly ProviderKind[] = ['same_pair', 'new_pair', 'once'];
const kinds = KINDS.filter((kind) => values.kind === undefined || kind === values.kind);
let isWell = kinds.length > 0;
for (const kind of kinds) {
  const seed = Number(values.seed);
  const report = await simulate({ seed, kind, steps: Math.round(Number(values.steps) / kinds.length) });
  console.log(JSON.stringify({ kind, seed, ...report }));
  isWell &&= report.faults.length === 0;
}
process.exit(isWell ? 0 : 1);
