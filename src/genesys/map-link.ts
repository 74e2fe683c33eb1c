/** As map links want it: never with an exponent. */
const decimal = (degrees: number): string =>
  Math.abs(degrees) < 1e-6 ? degrees.toFixed(7).replace(/\.?0+$/, '') : String(degrees)

/** A link that every phone and browser opens in its map: https://developers.google.com/maps/documentation/urls/get-started */
export const mapLink = ({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): string =>
  `https://www.google.com/maps/search/?api=1&query=${decimal(latitude)},${decimal(longitude)}`
