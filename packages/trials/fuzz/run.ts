import { parseArgs } from 'node:util';
import { createProgressBar } from '../support/progress-bar.ts';
import { fuzz, MODES } from './fuzz.ts';
import type { FuzzReport } from './fuzz.ts';
import type { Finding, Mode } from './session.ts';

const HELP = `Usage: node --conditions=keyfob-source packages/trials/fuzz/run.ts [options]

Sends generated requests of both dialects to a real server, which must refuse all of them. No request may crash or hang
the server, get a 5xx, a 200 or a malformed answer, leak memory, write a secret to the log, or change a grant. At the end
the genuine tokens must still refresh. Exits 1 on a violation and prints the bytes of the request. Exits 2 on any other
error.

Options:
  --requests <number>  number of requests (default: 1000000)
  --mode <name>        how requests are sent (default: all modes)
${Object.entries(MODES)
  .map(([name, { what }]) => `                         ${name.padEnd(10)} ${what}`)
  .join('\n')}
  --seed <number>      seed of the requests (default: random; printed)
  --json               print figures and findings as JSON
  --help               print this

Examples:
  $ node --conditions=keyfob-source packages/trials/fuzz/run.ts --requests 20000
  $ node --conditions=keyfob-source packages/trials/fuzz/run.ts --mode raw --seed 7 --json`;

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '1000000' },
      mode: { type: 'string', default: 'all' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const { mode } = values;
  if (!isMode(mode)) throw new Error(`--mode must be all or one of ${Object.keys(MODES).join(', ')}`);
  const seed = readNumber('seed', values.seed ?? String(Math.floor(Math.random() * 1e9)));
  const requests = readNumber('requests', values.requests);
  const bar = createProgressBar('requests');
  const report = await fuzz({ requests, seed, mode, onProgress: throttled(bar.show) });
  bar.end();
  console.log(
    values.json ? JSON.stringify(toJson(seed, mode, report), null, 2) : describe(seed, mode, report),
  );
  if (report.findings.length > 0) process.exitCode = 1;
};

const isMode = (name: string): name is Mode | 'all' => name === 'all' || Object.hasOwn(MODES, name);

const readNumber = (name: string, text: string): number => {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number`);
};

/** Limits the updates of the progress bar to ten per second. */
const throttled = (show: (done: number, total: number) => void): typeof show => {
  let shownAt = 0;
  return (done, total) => {
    if (performance.now() - shownAt < 100) return;
    shownAt = performance.now();
    show(done, total);
  };
};

const bytesOf = ({ requests }: Finding): Buffer => Buffer.concat(requests.map(({ bytes }) => bytes));

const toJson = (seed: number, mode: string, report: FuzzReport) => ({
  seed,
  ...report,
  mode,
  findings: report.findings.map((finding) => ({
    mode: finding.mode,
    what: finding.what,
    base64: bytesOf(finding).toString('base64'),
  })),
});

const describe = (
  seed: number,
  mode: string,
  { findings, statuses, megabytes, ...figures }: FuzzReport,
): string => {
  const rows: (readonly [string, string | number])[] = [
    ['seed', seed],
    ['mode', mode],
    ...Object.entries(figures),
    ...Object.entries(statuses).map(([status, count]) => [`answers ${status}`, count] as const),
    ...Object.entries(megabytes ?? {}).map(([when, size]) => [`megabytes ${when}`, size] as const),
    ['findings', findings.length],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const findingLines = findings.flatMap((finding) => {
    const bytes = bytesOf(finding);
    const lines = ['', `${finding.mode}: ${finding.what}`];
    if (bytes.length === 0) return lines;
    return [
      ...lines,
      `bytes: ${JSON.stringify(bytes.toString('latin1'))}`,
      `base64: ${bytes.toString('base64')}`,
    ];
  });
  return [...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`), ...findingLines].join('\n');
};

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}
