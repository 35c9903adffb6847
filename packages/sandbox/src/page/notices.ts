import { randomBytes } from 'node:crypto';

/** What an action did, shown on the page to which it leads. */
export type Notice = {
  readonly world: string;
  readonly kind: 'done' | 'problem';
  readonly title: string;
  /** Sentences below the title. */
  readonly lines?: readonly string[];
  /** New secrets, which no other page shows. */
  readonly secrets?: readonly { readonly label: string; readonly value: string }[];
  /** What was sent with a form that was refused, so that nobody types it again. */
  readonly form?: URLSearchParams;
};

/** The last notices, in memory. A page names one by an id that nobody guesses. */
export type Notices = {
  add(notice: Notice): string;
  find(id: string, world: string): Notice | undefined;
};

const KEPT_MAX = 100;

export const createNotices = (): Notices => {
  const kept = new Map<string, Notice>();
  return {
    add(notice) {
      const id = randomBytes(9).toString('base64url');
      kept.set(id, notice);
      const [oldest = ''] = kept.keys();
      if (kept.size > KEPT_MAX) kept.delete(oldest);
      return id;
    },
    find(id, world) {
      const found = kept.get(id);
      return found?.world === world ? found : undefined;
    },
  };
};
