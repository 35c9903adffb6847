import { globSync } from 'node:fs';

/** Debian's libfaketime, for programs with threads. */
const [LIBRARY] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

/** Why a trial that sets the clock of a process is skipped; `false` where it is not. */
export const FAKE_CLOCK_MISSING = LIBRARY === undefined ? 'libfaketime is not installed' : false;

const PRELOAD = { LD_PRELOAD: LIBRARY ?? '', FAKETIME_DONT_FAKE_MONOTONIC: '1' };

/** The environment of a process whose wall clock is off by so much, as in `+200d` or `-70`. The monotonic clock is right. */
export const offsetClock = (offset: string): Readonly<Record<string, string>> => ({
  ...PRELOAD,
  FAKETIME: offset,
});

/** The same, with an offset that stands in a file and may change. */
export const movedClock = (file: string): Readonly<Record<string, string>> => ({
  ...PRELOAD,
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_NO_CACHE: '1',
});
