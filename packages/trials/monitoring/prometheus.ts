import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../support/find-program.ts';
import { findPort } from '../support/postgres/cluster.ts';
import type { Scope } from '../support/test-directory.ts';

/** The program of Debian's package; `undefined` where it is not installed. */
const PROGRAM = findProgram('prometheus');

/** `false`, or why there is no Prometheus on this machine. */
export const NO_PROMETHEUS = PROGRAM === undefined && 'Prometheus is not installed (Debian: prometheus)';

/** One time series at one moment. */
export type Series = { readonly metric: Readonly<Record<string, string>>; readonly value: number };

export type Alert = {
  readonly name: string;
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
};

/** A Prometheus that scrapes every second. */
export type Prometheus = {
  /** The current answer to an expression. */
  query(expression: string): Promise<readonly Series[]>;
  alerts(): Promise<readonly Alert[]>;
  /** The values of a label of the series that match. */
  valuesOf(label: string, match: string): Promise<readonly string[]>;
  /** Resolves when a condition holds, which is asked again with each scrape. Rejects with its name if it never does. */
  until(name: string, holds: () => Promise<boolean>): Promise<void>;
};

const SCRAPE_MS = 1000;
/** Minutes on an idle machine: a condition that holds at all holds after a few scrapes. */
const TRIES_MAX = 120;

/** Starts Prometheus on a free port, with a file of rules. It is stopped when the test ends. */
export const startPrometheus = async (
  scope: Scope,
  { targets, rules }: { readonly targets: readonly string[]; readonly rules: string },
): Promise<Prometheus> => {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-prometheus-'));
  scope.after(() => rmSync(directory, { recursive: true, force: true }));
  const port = await findPort();
  const config = join(directory, 'prometheus.yml');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s', scrape_timeout: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'keyfob', static_configs: [{ targets }] }],
    }),
  );
  const child = spawn(
    PROGRAM ?? '',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  scope.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  const base = `http://127.0.0.1:${port}`;
  while (!(await isReady(base))) {
    if (child.exitCode !== null) throw new Error(`prometheus exited with ${child.exitCode}: ${errors}`);
    await sleep(SCRAPE_MS / 10);
  }
  return createPrometheus(base);
};

const isReady = (base: string): Promise<boolean> =>
  fetch(`${base}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

const createPrometheus = (base: string): Prometheus => {
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${base}/api/v1/${path}`);
    const { status, data, error } = (await response.json()) as {
      readonly status: string;
      readonly data: unknown;
      readonly error?: string;
    };
    if (status !== 'success') throw new Error(`Prometheus refuses ${path}: ${error}`);
    return data;
  };
  return {
    async query(expression) {
      const { result } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as {
        readonly result: readonly {
          readonly metric: Series['metric'];
          readonly value: readonly [number, string];
        }[];
      };
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    async alerts() {
      const { alerts } = (await ask('alerts')) as {
        readonly alerts: readonly { readonly state: Alert['state']; readonly labels: Alert['labels'] }[];
      };
      return alerts.map(({ state, labels }) => ({ name: labels['alertname'] ?? '', state, labels }));
    },
    valuesOf: async (label, match) =>
      (await ask(`label/${label}/values?match[]=${encodeURIComponent(match)}`)) as readonly string[],
    async until(name, holds) {
      for (let tries = 0; !(await holds()); tries++) {
        if (tries === TRIES_MAX) throw new Error(`Prometheus never came to this: ${name}`);
        await sleep(SCRAPE_MS / 2);
      }
    },
  };
};
