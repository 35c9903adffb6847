import { toPrintable } from '@keyfob/server/maintenance';
import type { JournalEntry, World } from '../exports/index.ts';

const DELIVERED: Readonly<Record<JournalEntry['delivered'], string>> = {
  all: '',
  part: ' cut off',
  none: ' LOST',
  client_gone: ' client left',
  pending: '',
};

/** One line for a request: what came, what was decided, and what the client got. */
export const describeRequestLine = (
  world: World,
  entry: JournalEntry,
  { json }: { readonly json: boolean },
): string => {
  if (json) return JSON.stringify({ event: 'request', world: world.id, ...entry });
  const time = new Date(entry.atMs).toISOString().replace('.000Z', 'Z');
  const token = entry.token === undefined ? '' : ` ${entry.token}`;
  const next = entry.answer?.refreshToken === undefined ? '' : ` -> ${entry.answer.refreshToken}`;
  const status = entry.answer === undefined ? '' : ` ${entry.answer.status}`;
  const because = entry.because === undefined ? '' : ` (${entry.because})`;
  const place = world.basePath === '' && world.id === 'default' ? '' : ` [${world.id}]`;
  return toPrintable(
    `${time}${place} ${entry.method} ${entry.path}${token}: ${entry.verdict}${because}${status}${next}${DELIVERED[entry.delivered]}`,
  );
};
