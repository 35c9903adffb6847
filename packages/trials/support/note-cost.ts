// With TEST_COSTS=FILE, each test file adds a line to it at its end: the seconds of CPU that it and its ended processes used, the
// seconds that it took, and its path, with tabs between.
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { RUNS_MANY_FILES, RUNS_TESTS } from './test-process.ts';

/** Linux counts the time of ended children in ticks of this length. */
const TICK_SECONDS = 0.01;

/** The CPU seconds of ended child processes and theirs; 0 where the system does not say. */
const secondsOfChildren = (): number => {
  try {
    const [, after = ''] = readFileSync('/proc/self/stat', 'utf8').split(/\) (?!.*\) )/);
    const [user = 0, system = 0] = after.split(' ').slice(13, 15).map(Number);
    return (user + system) * TICK_SECONDS;
  } catch {
    return 0;
  }
};

const target = process.env['TEST_COSTS'];
// Processes that tests start inherit the variable, and do not load this module.
if (target !== undefined && RUNS_TESTS)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const seconds = (userCPUTime + systemCPUTime) / 1e6 + secondsOfChildren();
    const file = RUNS_MANY_FILES
      ? 'all tests beside the source'
      : relative(process.cwd(), process.argv[1] ?? '');
    appendFileSync(target, `${seconds.toFixed(1)}\t${process.uptime().toFixed(1)}\t${file}\n`);
  });
