import { once } from 'node:events';
import { createServiceKey, serve } from '@keyfob/keeper/service';
import { openFleet, hotName } from './fleet.ts';
import { measureImport } from './import.ts';
import type { Plan, Reporter, SubjectMessage } from './plan.ts';
import { measureAsks, measureMemory, measureReads } from './reads.ts';
import { openVirtualFleet } from './virtual-fleet.ts';
import { measureHour, measureOutage } from './virtual-hours.ts';

const SERVED = 1000;
const send = (message: SubjectMessage): void => void process.send?.(message);

const reporter: Reporter = {
  report: (figure) => send({ kind: 'figure', figure }),
  progress: (part, done, total) => send({ kind: 'progress', part, done, total }),
};

/** The process with the keeper: its memory is the keeper's, and its core is its own. */
const main = async (plan: Plan): Promise<void> => {
  const has = (part: Plan['parts'][number]): boolean => plan.parts.includes(part);
  const keeper = await openFleet(plan, {});
  if (has('import')) await measureImport(keeper, plan, reporter);
  if (has('memory')) await measureMemory(keeper, plan, reporter);
  if (has('reads')) await measureReads(keeper, reporter);
  if (has('ask')) await measureAsks(keeper, plan, reporter);
  if (has('serve')) {
    const { key } = await createServiceKey(keeper, { name: 'bench', scopes: ['tokens:read'] });
    const service = await serve(keeper, { port: 0 });
    const names = Array.from({ length: Math.min(SERVED, plan.hot) }, (_, car) => hotName(car));
    send({ kind: 'serving', url: service.url, key, names });
    await once(process, 'message');
    await service.close({ requestsMs: 1000, exchangesMs: 0 });
  } else await keeper.close();
  if (has('hour') || has('outage')) {
    const fleet = await openVirtualFleet(plan);
    if (has('hour')) await measureHour(fleet, reporter);
    if (has('outage')) await measureOutage(fleet, plan, reporter);
    await fleet.close();
  }
  send({ kind: 'done' });
  process.disconnect();
};

process.once('message', (plan) => {
  main(plan as Plan).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
