import { toPrintable } from '../../exports/maintenance.ts';
import { writeGrantId } from '../../exports/tokens.ts';
import type { GrantEvent } from '../../exports/webhooks.ts';
import { levelOf } from './log-levels.ts';

/** An event as `keyfob events` prints it: a grant event of the store, or a log event of a running server. */
export type EventRecord = Readonly<Record<string, unknown>> & {
  /** ISO 8601. */
  readonly at: string;
  readonly event: string;
};

export const toEventRecord = ({
  id,
  sequence,
  atMs,
  kind,
  grantId,
  clientId,
  subject,
  requestId,
  cause,
  vins,
}: GrantEvent): EventRecord => ({
  at: new Date(atMs).toISOString(),
  event: kind,
  grantEventId: id,
  sequence,
  grantId: writeGrantId(grantId),
  clientId,
  subject,
  requestId: requestId ?? null,
  cause: cause ?? null,
  vins,
});

const COLOURS = { warn: 33, error: 31 } as const;
const NAME_CHARACTERS = 21;
/** Members that have a column of their own, or that people do not need. */
const HIDDEN: ReadonlySet<string> = new Set([
  'at',
  'event',
  'grantId',
  'clientId',
  'requestId',
  'pid',
  'grantEventId',
  'sequence',
]);

/** One line: time, event, grant, client, details, request. */
export const writeLine = (record: EventRecord, { hasColour }: { readonly hasColour: boolean }): string => {
  const { at, event, grantId, clientId, requestId } = record;
  const level = levelOf(event) ?? 'info';
  const colour = level === 'warn' || level === 'error' ? COLOURS[level] : 36;
  const name = event.padEnd(NAME_CHARACTERS);
  const details = Object.entries(record).flatMap(([key, value]) =>
    HIDDEN.has(key) ? [] : showDetail(key, value),
  );
  const words = [
    at,
    hasColour ? `\u001b[${colour}m${name}\u001b[0m` : name,
    showText(grantId ?? '-').padEnd(16),
    showText(clientId ?? '-'),
    ...details,
    ...(typeof requestId === 'string' ? [`request ${showText(requestId)}`] : []),
  ];
  return words.join('  ').trimEnd();
};

const showDetail = (key: string, value: unknown): readonly string[] => {
  if (value === null || value === undefined || value === '') return [];
  if (Array.isArray(value)) return value.length === 0 ? [] : [`${key} ${value.map(showText).join(',')}`];
  if (typeof value === 'object') {
    const parts = Object.values(value).filter((part) => part !== '' && part !== null);
    return [`${key} ${parts.map(showText).join(' ')}`];
  }
  return [`${key} ${showText(value)}`];
};

const showText = (value: unknown): string =>
  toPrintable(typeof value === 'string' ? value : JSON.stringify(value));
