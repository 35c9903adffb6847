/** The beats of a node, counted from 1, and the uses that began in each and have not ended. */
export type Beats = {
  /** A use begins, in this beat; it is told when it has ended. */
  begin(): { readonly beat: number; readonly end: () => void };
  /** The beat that a use under way is stamped with now. It may have begun in an earlier one. */
  stamp(): number;
  /** The newest beat that a use was stamped with; 0 for none. */
  newest(): number;
  /** Ends a beat. Answers the newest one of which, and of all before it, every use has ended. */
  end(): number;
};

export const createBeats = (): Beats => {
  // In the order of their beginnings, so the first is of the oldest beat.
  const underWay = new Set<{ readonly beat: number }>();
  let current = 1;
  let newest = 0;
  return {
    begin() {
      const use = { beat: current };
      underWay.add(use);
      return { beat: current, end: () => void underWay.delete(use) };
    },
    stamp: () => (newest = current),
    newest: () => newest,
    end() {
      current++;
      const [oldest] = underWay;
      return (oldest?.beat ?? current) - 1;
    },
  };
};
