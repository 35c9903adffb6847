import type { KeyfobServer } from './keyfob-process.ts';

/** Where the admin listener of a server is, which has to have been started with one. */
export const adminUrlOf = ({ listening }: KeyfobServer): string => {
  const url = listening['adminUrl'];
  if (typeof url !== 'string') throw new Error('the server has no admin listener');
  return url;
};

/** What a probe gets: the status and the word. */
export const probe = async (server: KeyfobServer, path: '/livez' | '/readyz'): Promise<string> => {
  const response = await fetch(`${adminUrlOf(server)}${path}`);
  return `${response.status} ${(await response.text()).trim()}`;
};

/** Probes until the answer is this one. */
export const untilReadyz = async (server: KeyfobServer, answer: string): Promise<void> => {
  while ((await probe(server, '/readyz')) !== answer);
};

/** The value of every sample, by its name and labels as they are written. */
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
