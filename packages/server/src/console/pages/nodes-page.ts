import type { viewNode } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { age, badge, table } from './parts.ts';
import { systemTabs } from './system-pages.ts';

type Node = ReturnType<typeof viewNode>;

/** The processes that serve the store. */
export const nodesPage = (
  visit: ConsoleVisit,
  { nodes, warning }: { readonly nodes: readonly Node[]; readonly warning: string | null },
): ConsolePage => {
  const { texts } = visit;
  const columns = [
    texts.nodes.node,
    texts.nodes.state,
    texts.nodes.version,
    texts.nodes.started,
    texts.nodes.seen,
    texts.nodes.clock,
    texts.nodes.url,
  ];
  const rows = nodes.map((node) => [
    html`${nameOf(visit, node)} ${node.isThis && badge('plain', texts.nodes.thisNode)}`,
    node.state === 'running' ? badge('good', texts.nodes.running) : badge('bad', texts.nodes.gone),
    node.version,
    age(visit, node.startedAt),
    age(visit, node.seenAt),
    texts.nodes.ahead(node.clockAheadMs),
    addressOf(visit, node),
  ]);
  return {
    title: texts.nodes.title,
    part: 'system',
    isBelow: true,
    content: html`
      <header class="title">
        ${systemTabs(visit, '/console/nodes')}
        <h1>${texts.nodes.title}</h1>
        <p class="lead">${texts.nodes.lead}</p>
      </header>
      ${warning !== null && html`<p class="notice bad" role="status">${warning}</p>`}
      <section>
        ${nodes.length === 0 ? html`<p class="empty">${texts.nodes.empty}</p>` : table(texts.nodes.title, columns, rows)}
      </section>
    `,
  };
};

/** Who does not see machines sees the id. */
const nameOf = ({ texts }: ConsoleVisit, { nodeId, host, processId }: Node): Content =>
  host === null
    ? html`<code>${nodeId}</code>`
    : html`<strong><bdi>${host}</bdi></strong> <code class="quiet">${processId ?? texts.none}</code>`;

const addressOf = ({ texts }: ConsoleVisit, { url }: Node): Content =>
  url === null ? texts.none : html`<bdi>${url}</bdi>`;
