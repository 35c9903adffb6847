/** What the server decides about a token, in a word or two. */
export const VERDICT_WORDS: Readonly<Record<string, string>> = {
  rotate: 'rotated',
  repeat: 'repeated',
  resync: 'resynced',
  replay: 'replay',
  refuse: 'refused',
  redeem: 'redeemed',
  stored: 'stored',
  answered: 'answered',
  none: 'no decision',
};

/** What presenting a token would cause. */
export const WAS_CAUSED: Readonly<Record<string, string>> = {
  rotate: 'would be exchanged',
  repeat: 'would be repeated',
  resync: 'would be taken for current',
  replay: 'would be a replay',
  refuse: 'would be refused',
  accept: 'would be accepted',
};
