import sharp from 'sharp'

const shoe = (
  colour: string,
) => `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="640" viewBox="-18 -14 160 106.667">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#f6efe3"/><stop offset="1" stop-color="#dfe6ee"/></linearGradient></defs>
<path fill="url(#g)" d="M-18-14h160v108H-18z"/><ellipse cx="62" cy="75" rx="58" ry="5" fill="#12181b" opacity=".12"/>
<path fill="${colour}" d="M14 26c10 4 18 1 25-8 8 14 26 24 48 27 14 2 25 6 27 15H12c-4-13-3-24 2-34z"/>
<path fill="#fff" stroke="#5a666d" stroke-width="2" d="M9 60h106v5c0 6-4 9-11 9H19c-7 0-11-5-10-14z"/>
<path d="m46 31 8-7m0 13 8-7m1 12 8-7" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/>
<path d="M22 46c14 6 26 6 38 2" stroke="#fff" stroke-width="3.4" fill="none" stroke-linecap="round"/></svg>`

/**
 * A picture of a shoe, JPEG, for the agent and the bot to send: our own drawing, so that the demo brings no photograph along.
 * @param colour as in SVG
 */
export const shoePicture = (colour = '#3b4ba8'): Promise<Buffer> =>
  sharp(Buffer.from(shoe(colour)))
    .jpeg({ quality: 88 })
    .toBuffer()
