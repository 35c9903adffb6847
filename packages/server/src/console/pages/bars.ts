import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';

const BAR = 5;
const BARS_HEIGHT = 28;
const LEAST_HEIGHT = 3;
const NIL_HEIGHT = 1;

/** Bars by time, the highest as high as the picture. One path for all: a page may have a hundred such pictures. */
export const bars = (
  values: readonly number[],
  describe: (text: string) => string,
  kind: 'plain' | 'warn' | 'bad' = 'plain',
): Content => {
  const most = Math.max(1, ...values);
  const width = values.length * BAR;
  const draw = (isDrawn: (value: number) => boolean, heightOf: (value: number) => number): string =>
    values
      .flatMap((value, index) =>
        isDrawn(value)
          ? [`M${index * BAR} ${BARS_HEIGHT}h${BAR - 1}v-${round(heightOf(value))}h-${BAR - 1}z`]
          : [],
      )
      .join('');
  const some = draw(
    (value) => value > 0,
    (value) => Math.max(LEAST_HEIGHT, (value / most) * BARS_HEIGHT),
  );
  const nil = draw(
    (value) => value === 0,
    () => NIL_HEIGHT,
  );
  return html`<svg
    class="bars ${kind}"
    viewBox="0 0 ${width} ${BARS_HEIGHT}"
    width="${width}"
    height="${BARS_HEIGHT}"
    role="img"
    aria-label="${describe(values.join(' '))}"
  >
    <path class="nil" d="${nil}" />
    <path class="some" d="${some}" />
  </svg>`;
};

const round = (value: number): string => String(Math.round(value * 10) / 10);
