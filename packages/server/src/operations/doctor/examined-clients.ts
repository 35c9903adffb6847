import type { Client } from '../../clients/client.ts';
import type { OperationContext } from '../context.ts';
import type { Finding } from './finding.ts';

/** How many clients a server looks at for a page: their rows are long. */
export const CLIENTS_EXAMINED_MAX = 1000;

/** The clients that checks look at, the oldest first. */
export type ExaminedClients = {
  readonly clients: readonly Client[];
  /** Whether there are no others. */
  readonly areAll: boolean;
};

/** The oldest clients, as many as a page may cost. Throws `StoreError`. */
export const readOldestClients = async ({
  store,
}: Pick<OperationContext, 'store'>): Promise<ExaminedClients> => {
  const found = await store.findClients({ limit: CLIENTS_EXAMINED_MAX + 1 });
  return {
    clients: found.slice(0, CLIENTS_EXAMINED_MAX),
    areAll: found.length <= CLIENTS_EXAMINED_MAX,
  };
};

/** What a check finds, which says so where it did not look at all clients. */
export const examineClients = (
  { clients, areAll }: ExaminedClients,
  examine: (clients: readonly Client[]) => Finding,
): Finding => {
  const found = examine(clients);
  if (areAll) return found;
  const { en, ko } = found.finding;
  const count = clients.length;
  return {
    ...found,
    finding: {
      en: `among the oldest ${count} clients: ${en}`,
      ko: `가장 오래된 클라이언트 ${count}개 중: ${ko}`,
    },
  };
};
