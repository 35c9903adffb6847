import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { keyCommandSource } from './key-command.ts';
import { keyFileSource } from './key-file.ts';
import type { KeySource } from './key-source.ts';

/** A ring from the environment. */
export const keyTextSource = (text: string): KeySource => ({ name: 'KEYFOB_KEY', read: () => text });

/** The source that a configuration names: at most one of text, file and command. */
export const namedKeySource = ({ key, keyFile, keyCommand }: Config): KeySource | undefined => {
  if (key !== undefined) return keyTextSource(key);
  if (keyCommand !== undefined) return keyCommandSource(keyCommand);
  return keyFile === undefined ? undefined : keyFileSource(keyFile);
};

/** The ring that all nodes of a database share. No node creates one, because each would create another. */
export const sharedKeySource = (config: Config): KeySource => {
  const source = namedKeySource(config);
  if (source !== undefined) return source;
  throw new OperatorError(
    'key_missing',
    'nodes that share a store must share a key ring',
    'Give --key-file, KEYFOB_KEY or KEYFOB_KEY_COMMAND, the same ring for every node: the one from your secret manager, or for a new store the lines that "keyfob keys create" prints.',
  );
};
