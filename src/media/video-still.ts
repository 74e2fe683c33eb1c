import type { Size } from './film-size.ts'

/** As most films, where nothing is known. */
const usual: Size = { width: 640, height: 360 }

/** So long is the longer side; the shorter is at least a third of it, so that the play sign fits. */
const longest = 640
const shortest = 214

const even = (pixels: number): number => Math.max(shortest, Math.round(pixels / 2) * 2)

/** The size of the stand-in for a film: its proportions, so that a phone does not show one behind the other. */
export function stillSize(film: Size | undefined): Size {
  if (!film) return usual
  const { width, height } = film
  return width >= height
    ? { width: longest, height: even((longest * height) / width) }
    : { width: even((longest * width) / height), height: longest }
}

/** A stand-in with a play sign, as SVG. Whoever changes the drawing gives the pictures that are kept of it another key. */
export const stillDrawing = ({ width, height }: Size): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
  <rect width="${width}" height="${height}" fill="#22303c"/>
  <g transform="translate(${width / 2} ${height / 2})">
    <circle r="64" fill="#ffffff" fill-opacity="0.92"/>
    <path d="M-20 -34 L36 0 L-20 34 Z" fill="#22303c"/>
  </g>
</svg>`
