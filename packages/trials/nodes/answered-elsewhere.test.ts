import assert from 'node:assert/strict';
import type { WireRequest } from '@keyfob/server/wire';
import { NOW_MS, STRICT_POLICY } from '../support/samples.ts';
import { REFRESH } from './refresh-bytes.ts';
import { EXCHANGE_REQUEST, fillServed, NEW_RING, openServedNode, REFRESH_REQUEST } from './served-node.ts';
import type { ServedNode } from './served-node.ts';
import { COMMIT, describeNodes, LATER_MS, NEVER_MS, until } from './two-nodes.ts';
import type { NodeOptions, Nodes } from './two-nodes.ts';

type Request = {
  readonly name: string;
  readonly request: WireRequest;
  /** What carries the answer that gets lost. */
  readonly bytes: string;
  /** 1 once the use has taken place. */
  readonly taken: string;
  /** `'0'` once the row shows that the use was not answered. */
  readonly issuedBy: string;
  /** When the client retries, and when the token or code is presented once more. A code is too old after a minute. */
  readonly retryMs: number;
  readonly againMs: number;
};

const REQUESTS: readonly Request[] = [
  {
    name: 'refresh',
    request: REFRESH_REQUEST,
    bytes: REFRESH[0],
    taken: 'SELECT generation::integer FROM grants WHERE id = 42',
    issuedBy: 'SELECT issued_by::text FROM grants WHERE id = 42',
    retryMs: LATER_MS,
    againMs: LATER_MS + 3_600_000,
  },
  {
    name: 'code exchange',
    request: EXCHANGE_REQUEST,
    bytes: COMMIT,
    taken: 'SELECT count(*)::integer FROM grants WHERE id = 43',
    issuedBy: 'SELECT issued_by::text FROM codes WHERE grant_id = 43',
    retryMs: NOW_MS + 10,
    againMs: NOW_MS + 20,
  },
];

/** Two servers on the database of `nodes`: `lost` is behind the proxy of node A. */
const withServers = async (
  { url, a }: Nodes,
  limits: NodeOptions,
  body: (lost: ServedNode, other: ServedNode) => Promise<void>,
): Promise<void> => {
  const behindProxy = new URL(url);
  behindProxy.port = String(a.proxy.port);
  const servers = [
    await openServedNode(behindProxy.href, NEW_RING, limits),
    await openServedNode(url, NEW_RING, limits),
  ] as const;
  try {
    await fillServed(servers[1].store, STRICT_POLICY);
    await body(...servers);
  } finally {
    a.proxy.refuse(false);
    await Promise.all(servers.map(({ store }) => store.close()));
  }
};

/** The use takes place, its answer is lost, and the server answers 503. Its database stays unreachable. */
const loseAnswer = async (
  { a, read }: Nodes,
  server: ServedNode,
  { request, bytes, taken }: Request,
): Promise<void> => {
  const met = a.proxy.fail('hold', bytes);
  const answer = server.ask(request);
  await met;
  await until(() => read(taken), 1);
  a.proxy.refuse(true);
  assert.equal((await answer).kind, 'outage');
};

/** The token or code was used and answered, so the policy denies it. */
const isDenied = async (
  { state, askUntilAnswered }: ServedNode,
  { request, againMs }: Request,
): Promise<void> => {
  state.nowMs = againMs;
  assert.equal((await askUntilAnswered(request)).kind, 'dead');
};

await describeNodes('uses that another node has answered', (onNodes) => {
  for (const one of REQUESTS) {
    const { name, request, issuedBy } = one;

    onNodes(`A ${name} that another node answered is denied at the node that lost it.`, {}, async (nodes) => {
      await withServers(nodes, {}, async (lost, other) => {
        await loseAnswer(nodes, lost, one);
        nodes.a.proxy.refuse(false);
        await until(() => nodes.read(issuedBy), '0');
        other.state.nowMs = one.retryMs;
        assert.equal((await other.askUntilAnswered(request)).kind, 'granted');
        await isDenied(lost, one);
      });
    });

    onNodes(
      `A ${name} that another node answered is denied at a node that was cut off.`,
      {},
      async (nodes) => {
        await withServers(nodes, { leaseMs: 0 }, async (lost, other) => {
          await loseAnswer(nodes, lost, one);
          other.state.nowMs = one.retryMs;
          assert.equal((await other.askUntilAnswered(request)).kind, 'granted');
          nodes.a.proxy.refuse(false);
          await isDenied(lost, one);
        });
      },
    );

    onNodes(
      `A ${name} is answered once by the node that lost it, before it has reported.`,
      {},
      async (nodes) => {
        await withServers(nodes, { epochMs: NEVER_MS }, async (lost) => {
          await loseAnswer(nodes, lost, one);
          nodes.a.proxy.refuse(false);
          lost.state.nowMs = one.retryMs;
          assert.equal((await lost.askUntilAnswered(request)).kind, 'granted');
          await isDenied(lost, one);
        });
      },
    );
  }
});
