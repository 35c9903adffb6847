import type { KeyfobServer } from './keyfob-process.ts';

/** The URL of a server's admin listener. Throws if the server has none. */
export const adminUrlOf = ({ listening }: KeyfobServer): string => {
  const url = listening['adminUrl'];
  if (typeof url !== 'string') throw new Error('the server has no admin listener');
  return url;
};

/** Sends a probe. Returns the status and the text. */
export const probe = async (server: KeyfobServer, path: '/livez' | '/readyz'): Promise<string> => {
  const response = await fetch(`${adminUrlOf(server)}${path}`);
  return `${response.status} ${(await response.text()).trim()}`;
};

/** Repeats the readiness probe until it returns this answer. */
export const untilReadyz = async (server: KeyfobServer, answer: string): Promise<void> => {
  while ((await probe(server, '/readyz')) !== answer);
};

/** The value of every sample, by name and labels in their original form. */
export const readMetrics = async (server: KeyfobServer): Promise<ReadonlyMap<string, number>> => {
  const text = await (await fetch(`${adminUrlOf(server)}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
};
