import type { Job } from './job.ts';
import { driveLoad } from './load.ts';
import { endWithParent } from './targets/script-process.ts';

/** The load generator's process: one job after the other, each answered with its outcome. */
endWithParent();
process.on('message', (job: Job) => {
  void driveLoad(job).then((outcome) => process.send?.(outcome));
});
process.send?.('ready');
