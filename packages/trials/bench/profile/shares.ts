/** The fields of V8's CPU profile that are used here. Times are microseconds of the system's monotonic clock. */
export type CpuProfile = {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** The id of the node that ran, from this sample until the next. */
  readonly samples: readonly number[];
  /** The time between each sample and the previous one. For the first sample, the time since the start. */
  readonly timeDeltas: readonly number[];
};

/** A function, called from one place. */
type ProfileNode = {
  readonly id: number;
  /** `url` is empty for native code. `lineNumber` starts at 0. */
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
};

/** The part of a profile that counts. */
export type ProfileWindow = {
  readonly fromMicros: number;
  readonly toMicros: number;
  /** The root of the relative file names, with a slash at its end. */
  readonly rootUrl: string;
};

/** Self time as shares of the busy time. Each list starts with the largest share. */
export type Shares = {
  readonly busyMicros: number;
  readonly functions: readonly { readonly name: string; readonly file: string; readonly share: number }[];
  /** `nativeShare` is the native code that the part calls, included in `share`. */
  readonly parts: readonly { readonly part: string; readonly share: number; readonly nativeShare: number }[];
};

const NATIVE = '(native)';
const COLLECTOR = '(garbage collector)';
const OUTSIDE = 'native code called from (program)';

/** A file belongs to the first part whose pattern matches. Without a match, as in native code, the caller's part counts. */
const PARTS: readonly (readonly [part: string, pattern: RegExp])[] = [
  ['dependencies', /\bnode_modules\//],
  ...['http', 'dialects', 'clients', 'grants', 'tokens', 'stores'].map(
    (folder) => [`Keyfob: ${folder}`, new RegExp(`^packages/server/src/${folder}/`)] as const,
  ),
  ['Keyfob: other folders', /^packages\/server\//],
  ['node:crypto', /^node:(?:internal\/)?crypto\b/],
  ['node:sqlite', /^node:(?:internal\/)?sqlite\b/],
  ['buffers', /^node:(?:internal\/)?buffer\b/],
  ['HTTP and other node: modules', /^node:/],
];

/** Computes the shares of the busy time in a window. Throws if the window has no busy time. */
export const sharesOf = (profile: CpuProfile, window: ProfileWindow): Shares => {
  const self = selfMicrosOf(profile, window);
  const callers = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node] as const)),
  );
  const fileOf = ({ callFrame: { url } }: ProfileNode): string =>
    url === '' ? NATIVE : url.startsWith(window.rootUrl) ? url.slice(window.rootUrl.length) : url;
  const partOf = (node: ProfileNode): string => {
    if (node.callFrame.functionName === COLLECTOR) return 'garbage collection';
    for (
      let current: ProfileNode | undefined = node;
      current !== undefined;
      current = callers.get(current.id)
    ) {
      const file = fileOf(current);
      const found = PARTS.find(([, pattern]) => pattern.test(file));
      if (found !== undefined) return found[0];
    }
    return OUTSIDE;
  };
  const spent = profile.nodes.flatMap((node) => {
    const { functionName, lineNumber } = node.callFrame;
    const micros = self.get(node.id);
    if (micros === undefined || functionName === '(idle)') return [];
    const file = fileOf(node);
    const isNative = file === NATIVE;
    const name = functionName === '' ? '(anonymous)' : functionName;
    return [
      { name, file: isNative ? file : `${file}:${lineNumber + 1}`, isNative, part: partOf(node), micros },
    ];
  });
  const busyMicros = sum(spent);
  if (busyMicros === 0) throw new Error('the profile has no busy time during the load');
  return {
    busyMicros,
    functions: [...Map.groupBy(spent, ({ name, file }) => `${file} ${name}`).values()]
      .flatMap((group) =>
        group.slice(0, 1).map(({ name, file }) => ({ name, file, share: sum(group) / busyMicros })),
      )
      .toSorted((left, right) => right.share - left.share),
    parts: [...Map.groupBy(spent, ({ part }) => part)]
      .map(([part, group]) => ({
        part,
        share: sum(group) / busyMicros,
        nativeShare: sum(group.filter(({ isNative }) => isNative)) / busyMicros,
      }))
      .toSorted((left, right) => right.share - left.share),
  };
};

const sum = (spent: readonly { readonly micros: number }[]): number =>
  spent.reduce((total, { micros }) => total + micros, 0);

/** The self time of each node inside the window, by node id. */
const selfMicrosOf = (
  { samples, timeDeltas, startTime, endTime }: CpuProfile,
  { fromMicros, toMicros }: ProfileWindow,
): ReadonlyMap<number, number> => {
  const self = new Map<number, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const delta = timeDeltas[index + 1];
    const next = delta === undefined ? endTime : at + delta;
    const micros = Math.min(next, toMicros) - Math.max(at, fromMicros);
    if (micros > 0) self.set(id, (self.get(id) ?? 0) + micros);
  }
  return self;
};
