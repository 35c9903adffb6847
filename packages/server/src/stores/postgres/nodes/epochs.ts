/** The epochs of a node, counted from 1, and the uses that began in each and are still under way. */
export type Epochs = {
  /**
   * Begins a use; the caller calls `end` when it has ended. It is in a later epoch than every stamp before it, so that
   * what was issued before it is not mistaken for what it issues.
   */
  begin(): { readonly epoch: number; readonly end: () => void };
  /** The current epoch, for what a use writes now. The use may have begun in an earlier one. */
  stamp(): number;
  /** The newest epoch that was stamped; 0 for none. */
  newestStamped(): number;
  /** Begins the next epoch. Answers the newest one up to which every use has ended. */
  advance(): number;
};

export const createEpochs = (): Epochs => {
  // A set keeps the order of insertion, so the first use began in the oldest epoch.
  const underWay = new Set<{ readonly epoch: number }>();
  let current = 1;
  let newestStamped = 0;
  return {
    begin() {
      if (newestStamped === current) current++;
      const use = { epoch: current };
      underWay.add(use);
      return { epoch: current, end: () => void underWay.delete(use) };
    },
    stamp: () => (newestStamped = current),
    newestStamped: () => newestStamped,
    advance() {
      current++;
      const [oldest] = underWay;
      return (oldest?.epoch ?? current) - 1;
    },
  };
};
