import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';

const BAR = 5;
const BARS_HEIGHT = 28;

/** Bars by time, the highest as high as the picture. */
export const bars = (values: readonly number[], describe: (text: string) => string): Content => {
  const most = Math.max(1, ...values);
  const width = values.length * BAR;
  return html`<svg
    class="bars"
    viewBox="0 0 ${width} ${BARS_HEIGHT}"
    width="${width}"
    height="${BARS_HEIGHT}"
    role="img"
    aria-label="${describe(values.join(' '))}"
  >
    ${values.map((value, index) => {
      const height = value === 0 ? 1 : Math.max(3, (value / most) * BARS_HEIGHT);
      return html`<rect
        class="${value === 0 ? 'nil' : 'some'}"
        x="${index * BAR}"
        y="${(BARS_HEIGHT - height).toFixed(1)}"
        width="${BAR - 1}"
        height="${height.toFixed(1)}"
      />`;
    })}
  </svg>`;
};
