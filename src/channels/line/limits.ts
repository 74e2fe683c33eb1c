/**
 * LINE's numbers. Texts are counted in UTF-16 units where a name says so, and in characters as readers see them (grapheme
 * clusters) where it does not: https://developers.line.biz/en/docs/messaging-api/text-character-count/
 */

/** https://developers.line.biz/en/reference/messaging-api/#text-message */
export const maxTextUnits = 5_000

/** Message objects in one push: https://developers.line.biz/en/reference/messaging-api/#send-push-message */
export const maxMessagesPerPush = 5

/**
 * JPEG or PNG: https://developers.line.biz/en/reference/messaging-api/#image-message
 * LINE does not say whether its MB are of 10^6 or 2^20 bytes; here and below, the smaller ones are right in any case.
 */
export const maxImageBytes = 10_000_000

/** MP4: https://developers.line.biz/en/reference/messaging-api/#video-message */
export const maxVideoBytes = 200_000_000

/** MP3 or M4A: https://developers.line.biz/en/reference/messaging-api/#audio-message */
export const maxAudioBytes = 200_000_000

/** In an address of a picture or file, percent-encoded: https://developers.line.biz/en/reference/messaging-api/#url-encoding */
export const maxUrlUnits = 2_000

/** https://developers.line.biz/en/reference/messaging-api/#icon-nickname-switch */
export const maxSenderNameUnits = 20

/**
 * What is shown of a Flex message in the list of chats and by old apps:
 * https://developers.line.biz/en/reference/messaging-api/#flex-message
 */
export const maxAltTextUnits = 1_500

/**
 * The JSON of one bubble: https://developers.line.biz/en/reference/messaging-api/#bubble
 * LINE says "30 KB" and not what a KB is; the smaller one is right in any case.
 */
export const maxBubbleBytes = 30_000

/** The JSON of a carousel, "50 KB": https://developers.line.biz/en/reference/messaging-api/#f-carousel */
export const maxCarouselBytes = 50_000

/** https://developers.line.biz/en/reference/messaging-api/#f-carousel */
export const maxBubbles = 12

/**
 * Buttons of a Flex message, and the optional labels of its other parts:
 * https://developers.line.biz/en/reference/messaging-api/#action-objects
 */
export const maxFlexLabel = 40

/** https://developers.line.biz/en/reference/messaging-api/#action-objects */
export const maxQuickReplyLabel = 20

/** https://developers.line.biz/en/reference/messaging-api/#items-object */
export const maxQuickReplies = 13

/** A square PNG: https://developers.line.biz/en/reference/messaging-api/#items-object */
export const maxQuickReplyImageBytes = 1_000_000

/** What the customer seems to say by touching a button: https://developers.line.biz/en/reference/messaging-api/#postback-action */
export const maxDisplayText = 300

/** An address that a button opens: https://developers.line.biz/en/reference/messaging-api/#uri-action */
export const maxActionUriUnits = 1_000

/**
 * The first and the last minute that can be chosen, in local time:
 * https://developers.line.biz/en/reference/messaging-api/#datetime-picker-action
 */
export const firstMinute = '1900-01-01T00:00'
export const lastMinute = '2100-12-31T23:59'

/** How long a token v2.1 may live: https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/ */
export const maxTokenSeconds = 30 * 24 * 60 * 60

/**
 * How far ahead a JWT assertion may expire: https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/
 */
export const maxAssertionSeconds = 30 * 60
