import type { Job } from './job.ts';
import { driveLoad } from './load.ts';
import { endWithParent } from './targets/script-process.ts';

/** The process of the load generator. Runs one job after another and sends the outcome of each. */
endWithParent();
process.on('message', (job: Job) => {
  void driveLoad(job).then((outcome) => process.send?.(outcome));
});
process.send?.('ready');
