import type { CodeUse } from '../../../grants/code-store.ts';
import type { RefreshUse } from '../../../grants/grant-store.ts';
import type { IssuedBy } from './issued-by.ts';

/** A use of a refresh token or a code. */
export type TrackedUse =
  { readonly of: 'token'; readonly use: RefreshUse } | { readonly of: 'code'; readonly use: CodeUse };

/** A use that was not answered, and the stamps between which it can have issued anything. */
export type UnansweredUse = TrackedUse & {
  readonly first: IssuedBy;
  readonly last: IssuedBy;
  /** What the row showed, where the use was to repeat what an earlier one issued. */
  readonly repeated: { readonly issuedBy: IssuedBy | undefined } | undefined;
};

/**
 * Whether the answer to a use is still missing, judged by the stamp of its row. If it is not, another node has answered
 * a retry, and has written its own stamp.
 */
export const lacksAnswer = (
  issuedBy: IssuedBy | undefined,
  { first, last, repeated }: Pick<UnansweredUse, 'first' | 'last' | 'repeated'>,
): boolean =>
  (issuedBy !== undefined && issuedBy >= first && issuedBy <= last) ||
  (repeated !== undefined && repeated.issuedBy === issuedBy);

/** The memory of a process holds this many; the oldest is forgotten first. */
const UNANSWERED_MAX = 100_000;

const nameOf = ({ of, use: { presented } }: TrackedUse): string =>
  `${of}.${presented.grantId}.${'generation' in presented ? presented.generation : ''}`;

/** The uses that this node did not answer, until their rows show it. */
export const createUnansweredUses = () => {
  const uses = new Map<string, UnansweredUse>();
  return {
    count: () => uses.size,
    all: (): readonly UnansweredUse[] => [...uses.values()],
    has: (tracked: TrackedUse) => uses.size > 0 && uses.has(nameOf(tracked)),
    /** Whether a use like this one was not answered, judged by the stamp of its row. */
    isUnanswered(tracked: TrackedUse, issuedBy: IssuedBy | undefined): boolean {
      const use = uses.size > 0 ? uses.get(nameOf(tracked)) : undefined;
      return use !== undefined && lacksAnswer(issuedBy, use);
    },
    add(use: UnansweredUse): void {
      const name = nameOf(use);
      const { first = use.first, repeated } = uses.get(name) ?? {};
      uses.set(name, { ...use, first, repeated: use.repeated ?? repeated });
      const [oldest] = uses.keys();
      if (uses.size > UNANSWERED_MAX && oldest !== undefined) uses.delete(oldest);
    },
    /** A use like this one was answered. */
    remove(tracked: TrackedUse): void {
      if (uses.size > 0) uses.delete(nameOf(tracked));
    },
    /** The row shows this very use, unless it was presented again since. */
    removeMarked(use: UnansweredUse): void {
      const name = nameOf(use);
      if (uses.get(name) === use) uses.delete(name);
    },
  };
};
