import type { Command } from 'commander';
import { examineNodes, readNodes } from '../exports/index.ts';
import type { NodeDetails } from '../exports/index.ts';
import { writeFinding } from '../exports/maintenance.ts';
import { onDeployment, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns, showTime, writeTime } from './command/output.ts';

export const addNodes = (program: Command): void => {
  withCommonOptions(program.command('nodes'))
    .summary('list the servers that run on the store')
    .description(
      'Lists the servers that run on the store. One that stops is removed; one that was killed, or cannot reach the store, is ' +
        'gone after a minute, and listed for a day.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob nodes')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const found = await readNodes(context);
        const nodes = found.map(nodeToJson);
        const { verdict, finding, remedy } = writeFinding(examineNodes(found), 'en');
        const warning = verdict === 'ok' ? null : `${finding}. ${remedy ?? ''}`;
        const rows = nodes.map((node) => [
          node.nodeId,
          node.state,
          node.version,
          node.host,
          String(node.processId),
          showTime(node.startedAt),
          showTime(node.seenAt),
          `${node.clockAheadMs} ms`,
          node.url ?? '-',
        ]);
        const header = ['NODE ID', 'STATE', 'VERSION', 'HOST', 'PID', 'STARTED', 'SEEN', 'CLOCK', 'URL'];
        const table = alignColumns([header, ...rows]);
        return { json: { nodes, warning }, text: warning === null ? table : `${table}\n\n${warning}` };
      }),
    );
};

/** A node for programs. Times are ISO 8601. */
const nodeToJson = ({ id, state, version, host, processId, url, ...rest }: NodeDetails) => ({
  nodeId: id,
  state,
  version,
  host,
  processId,
  url: url === '' ? null : url,
  startedAt: writeTime(rest.startedAtMs),
  seenAt: writeTime(rest.seenAtMs),
  clockAheadMs: rest.skewMs,
});
