import type { messagingApi } from '@line/bot-sdk'
import type { Action, OfferKind } from '../../../bridge/message.ts'
import { shortened } from '../../../lib/graphemes.ts'
import { maxActionUriUnits, maxDisplayText } from '../limits.ts'
import type { Offer } from '../outbound/offers.ts'
import type { Scene } from './scene.ts'
import type { Touch } from './sheet.ts'
import { oneLine } from './wording.ts'

/** What a button says; one without words has to say something, as LINE refuses it otherwise. */
export const labelOf = (label: string, instead: string): string => oneLine(label) || oneLine(instead) || '•'

/** Something that the contact centre is answered with, in its own words: it may compare them. */
function offerOf(what: OfferKind, { label, payload }: Pick<Offer, 'label' | 'payload'>): Offer {
  return { what, label: label.trim() === '' ? labelOf(label, payload) : label, payload }
}

/** A button that answers. */
export const answerTouch = (what: OfferKind, of: Pick<Offer, 'label' | 'payload'>): Touch => ({
  do: 'answer',
  label: labelOf(of.label, of.payload),
  offer: offerOf(what, of),
})

/** A percent sign that begins nothing, or what RFC 3986 allows nowhere after the host. */
const unsafe = /%(?![\dA-Fa-f]{2})|[^\w\-.~:/?#@!$&'()*+,;=%]/g

/**
 * An address as LINE takes it: percent-encoded, of a scheme that it knows. Undefined where it cannot be had or is too long.
 * https://developers.line.biz/en/reference/messaging-api/#uri-action
 */
export function actionUri(address: string): string | undefined {
  const text = address.toWellFormed().trim()
  const url = /^(https?|tel):/i.test(text)
    ? URL.parse(text.replace(/^tel:.*$/is, (phone) => phone.replace(/\s+/g, '')))
    : null
  if (!url) return undefined
  const [, head = '', tail = ''] = /^(https?:\/\/[^/]*|tel:)(.*)$/s.exec(url.href) ?? []
  const uri = head + tail.replace(unsafe, (character) => encodeURIComponent(character))
  return head !== '' && uri.length > head.length && uri.length <= maxActionUriUnits ? uri : undefined
}

/** An action of a card or template; `aside`: what has to be told in words, as no button can do it. */
export function actionTouch(action: Action, { words }: Scene): { readonly touch: Touch } | { readonly aside: string } {
  if (action.do === 'answer') return { touch: answerTouch('button', action) }
  const uri = actionUri(action.url)
  const label = labelOf(action.label, words.open)
  return uri === undefined ? { aside: `${label}: ${action.url}` } : { touch: { do: 'open', label, uri } }
}

/** What LINE is told of a touch. @param data what it posts back */
export function lineAction(touch: Touch, maxLabel: number, dataOf: (offer: Offer) => string): messagingApi.Action {
  const label = shortened(touch.label, maxLabel)
  switch (touch.do) {
    case 'answer': {
      // Counted both ways, as pages disagree: https://developers.line.biz/en/docs/messaging-api/text-character-count/
      const displayText = shortened(touch.label, maxDisplayText, maxDisplayText)
      return { type: 'postback', label, data: dataOf(touch.offer), displayText }
    }
    case 'open':
      return { type: 'uri', label, uri: touch.uri }
    case 'pick': {
      const { min, max } = touch
      return {
        type: 'datetimepicker',
        label,
        data: dataOf(touch.offer),
        mode: 'datetime',
        ...(min && { initial: min, min }),
        ...(max && { max }),
      }
    }
  }
}
