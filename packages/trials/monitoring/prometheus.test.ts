import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { addWebhook } from '@keyfob/server';
import { createKeyLines } from '@keyfob/server/tokens';
import { readDocument } from '../docs/documents.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { startReceiver } from '../support/webhook-receiver.ts';
import { monitoredServerFor } from './monitored-server.ts';
import type { MonitoredServer } from './monitored-server.ts';
import { NO_PROMETHEUS, startPrometheus } from './prometheus.ts';
import type { Prometheus, Series } from './prometheus.ts';

const TITLE = 'a Prometheus that scrapes a server on SQLite and one on PostgreSQL';
const THIEF = { address: '198.51.100.9', userAgent: 'curl/8.5' };
const THEFTS = 'keyfob_log_events_total{event="refresh.replayed",reason="theft"}';

type Panel = {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
};
const { panels } = JSON.parse(readDocument('deploy/grafana/keyfob.json')) as {
  readonly panels: readonly Panel[];
};
/** What is 0 here: panels while all is well, and repeats, which the client of these servers may not make. */
const MAY_BE_ZERO = /^(?:Waiting|Clock) |deliveries_waiting|repeated_by_other/;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The rules of the repository. An alert waits for 2 seconds where it would wait for minutes. */
const writeRules = (scope: Scope): string => {
  const path = join(directoryFor(scope), 'alerts.yaml');
  const rules = readDocument('deploy/prometheus/alerts.yaml');
  writeFileSync(path, rules.replaceAll(/^( +for:) \d+m$/gm, '$1 2s'));
  return path;
};

const hasData = (series: readonly Series[], name: string): boolean =>
  series.some(({ value }) => Number.isFinite(value) && (value !== 0 || MAY_BE_ZERO.test(name)));

const labelsIn = (legend: string): readonly string[] =>
  [...legend.matchAll(/\{\{(?<label>\w+)\}\}/g)].map(({ groups }) => groups?.['label'] ?? '');

const describePrometheus = (cluster: Cluster): void => {
  let prometheus: Prometheus;
  let onSqlite: MonitoredServer;
  let onPostgres: MonitoredServer;

  const closing: (() => unknown)[] = [];
  const scope = { after: (close: () => unknown) => void closing.push(close) };
  after(async () => {
    for (const close of closing.toReversed()) await close();
  });

  before(async () => {
    onSqlite = await monitoredServerFor(scope);
    onPostgres = await monitoredServerFor(scope, { store: cluster.url(), key: createKeyLines(1, 0) });
    const targets = [onSqlite.target, onPostgres.target];
    prometheus = await startPrometheus(scope, { targets, rules: writeRules(scope) });
    await prometheus.until('both servers are scraped', async () => {
      const seen = await prometheus.query(`count_over_time(${THEFTS}[1h]) > 1`);
      return seen.length === targets.length;
    });
  });

  /** The nodes for which an alert fires; an empty name for an alert about all of them. */
  const firesAt = async (name: string): Promise<readonly string[]> =>
    (await prometheus.alerts())
      .filter((alert) => alert.name === name && alert.state === 'firing')
      .map(({ labels }) => labels['instance'] ?? '');
  const untilFires = (name: string, at: string): Promise<void> =>
    prometheus.until(`${name} fires`, async () => (await firesAt(name)).includes(at));

  test('sees no theft and no outage in ordinary traffic', async () => {
    for (const server of [onSqlite, onPostgres]) {
      const { status, refreshToken } = await server.refresh(await server.newToken());
      assert.equal(status, 200);
      assert.equal((await server.refresh(refreshToken)).status, 200);
    }
    await prometheus.until('four refreshes are counted', async () => {
      const [sum] = await prometheus.query('sum(keyfob_log_events_total{event="refresh.rotated"})');
      return sum?.value === 4;
    });
    for (const alert of ['KeyfobTheft', 'KeyfobStoreUnavailable', 'KeyfobBug', 'KeyfobServerErrors'])
      assert.deepEqual(await firesAt(alert), [], alert);
  });

  test('fires KeyfobTheft at the first replay, for the node that saw it', async () => {
    const stolen = await onSqlite.newToken();
    const second = await onSqlite.refresh(stolen);
    assert.equal((await onSqlite.refresh(second.refreshToken)).status, 200);
    assert.equal((await onSqlite.refresh(stolen, THIEF)).status, 400);
    await untilFires('KeyfobTheft', onSqlite.target);
    assert.deepEqual(await firesAt('KeyfobTheft'), [onSqlite.target]);
  });

  test('fires the alerts of an outage at the first refresh that fails, and clears the readiness when it is over', async () => {
    const token = await onPostgres.newToken();
    await cluster.kill();
    assert.equal((await onPostgres.refresh(token)).status, 503);
    await untilFires('KeyfobStoreUnavailable', onPostgres.target);
    await untilFires('KeyfobNotReady', onPostgres.target);
    await untilFires('KeyfobServerErrors', '');
    assert.deepEqual(await firesAt('KeyfobStoreUnavailable'), [onPostgres.target]);
    await cluster.start();
    while ((await onPostgres.refresh(token)).status === 503);
    await prometheus.until('the node is ready again', async () => {
      return !(await firesAt('KeyfobNotReady')).includes(onPostgres.target);
    });
  });

  test('has data for every query of the dashboard, with the labels of its legends', async (t) => {
    const receiver = await startReceiver(t);
    const { server, clientId } = onSqlite;
    const webhook = { url: receiver.url, format: 'standard', clientId, kinds: undefined } as const;
    assert.equal((await addWebhook(server.deployment, { ...webhook, isHttpAllowed: true })).outcome, 'added');
    assert.equal((await onSqlite.send('/oauth/revoke', { token: await onSqlite.newToken() })).status, 200);
    server.deliverWebhooks();
    await receiver.until(1);
    assert.equal((await onSqlite.refresh('00000000-0000-4000-8000-000000000000')).status, 400);
    const shown = new Map<string, readonly Series[]>();
    const queries = panels.flatMap((panel) => panel.targets.map((target) => ({ panel, ...target })));
    const ask = async ({ expr }: (typeof queries)[number]): Promise<readonly Series[]> => {
      const series = await prometheus.query(
        expr.replaceAll('$__rate_interval', '1h').replaceAll('$instance', '.*'),
      );
      shown.set(expr, series);
      return series;
    };
    for (const query of queries)
      await prometheus.until(`"${query.panel.title}" shows ${query.expr}`, async () => {
        collectGarbage();
        await onSqlite.refresh(await onSqlite.newToken());
        return hasData(await ask(query), `${query.panel.title} ${query.expr}`);
      });
    for (const { expr, legendFormat } of queries)
      for (const label of labelsIn(legendFormat))
        assert.ok(
          shown.get(expr)?.every(({ metric }) => label in metric),
          `${expr}: ${label}`,
        );
    const nodes = await prometheus.valuesOf('instance', 'keyfob_ready');
    assert.deepEqual(nodes.toSorted(), [onSqlite.target, onPostgres.target].toSorted());
  });

  test('fires KeyfobGone when no node is left', async () => {
    for (const { server } of [onSqlite, onPostgres]) await server.close();
    await untilFires('KeyfobGone', '');
  });
};

const started = NO_PROMETHEUS === false ? await startCluster() : { reason: NO_PROMETHEUS };
if ('reason' in started) test(TITLE, { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe(TITLE, () => describePrometheus(started));
}
