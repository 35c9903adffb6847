/** The messages of a driver, by letter. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const NAMES: Readonly<Record<string, string>> = {
  B: 'Bind',
  C: 'Close',
  D: 'Describe',
  E: 'Execute',
  H: 'Flush',
  P: 'Parse',
  Q: 'Query',
  S: 'Sync',
  X: 'Terminate',
};

const HEADER_BYTES = 5;

/** The names of the messages that an open connection sends. A statement that has a name is marked. */
export const readSentMessages = (bytes: Buffer): readonly string[] => {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const letter = bytes.toString('latin1', at, at + 1);
    const length = bytes.readInt32BE(at + 1);
    const name = NAMES[letter] ?? letter;
    const isNamed = letter === 'P' && bytes[at + HEADER_BYTES] !== 0;
    messages.push(isNamed ? `${name} (named)` : name);
    at += 1 + length;
  }
  return messages;
};
