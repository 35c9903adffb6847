import type { GrantEvent } from '../outbox/grant-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { levelOf } from './log.ts';

/** One thing that happened, as it is printed: a grant event that the store holds, or an event of a running server. */
export type Told = Readonly<Record<string, unknown>> & { readonly at: string; readonly event: string };

/** A grant event as it is printed. */
export const reportGrantEvent = ({
  id,
  atMs,
  kind,
  grantId,
  clientId,
  subject,
  requestId,
  cause,
  vins,
}: GrantEvent): Told => ({
  at: new Date(atMs).toISOString(),
  event: kind,
  grantEventId: id,
  grantId: writeGrantId(grantId),
  clientId,
  subject,
  requestId: requestId ?? null,
  cause: cause ?? null,
  vins,
});

const COLOURS = { warn: 33, error: 31 } as const;
const NAME_CHARACTERS = 21;
/** Shown in columns of their own, or of no use to a person. */
const SHOWN: ReadonlySet<string> = new Set([
  'at',
  'event',
  'grantId',
  'clientId',
  'requestId',
  'pid',
  'grantEventId',
]);

/** One line: when, what, which grant, whose, what matters, which request. */
export const writeLine = (told: Told, { hasColour }: { readonly hasColour: boolean }): string => {
  const { at, event, grantId, clientId, requestId } = told;
  const level = levelOf(event) ?? 'info';
  const colour = level === 'warn' || level === 'error' ? COLOURS[level] : 36;
  const name = event.padEnd(NAME_CHARACTERS);
  const details = Object.entries(told).flatMap(([key, value]) =>
    SHOWN.has(key) ? [] : showDetail(key, value),
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

/** Without what a terminal would obey: some of it was sent by strangers. */
const showText = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(/\p{Cc}/gu, '?');
