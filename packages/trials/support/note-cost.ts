// Loaded into every test file by `npm test`. With TEST_COSTS=FILE, each test file adds a line to it at its end: the seconds of
// CPU that it and its ended processes used, a tab, and its path.
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

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
// The runner loads this module too. Only the processes of test files have this variable, and those that they start inherit it.
if (target !== undefined && process.env['NODE_TEST_CONTEXT'] !== undefined)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const seconds = (userCPUTime + systemCPUTime) / 1e6 + secondsOfChildren();
    appendFileSync(target, `${seconds.toFixed(1)}\t${relative(process.cwd(), process.argv[1] ?? '')}\n`);
  });
