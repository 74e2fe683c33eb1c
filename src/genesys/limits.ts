/**
 * Genesys' numbers, each with the page that states it. None is stated for the length of an inbound text, for custom attributes and
 * for the number of quick replies.
 */

/**
 * The largest attachment. Genesys says "25 MB" and not which; the smaller reading is safe, since what exceeds it goes
 * as a link. https://help.mypurecloud.com/articles/supported-content-profiles/
 */
export const maxAttachmentBytes = 25_000_000

/**
 * How long to wait on a 429 that does not say: the budget is counted per minute, so a few seconds free some of it.
 * https://developer.genesys.cloud/organization/organization/limits
 */
export const defaultWaitMs = 5_000

/**
 * The shortest lifetime that an OAuth client can be given; taken when an answer does not tell.
 * https://help.mypurecloud.com/articles/create-an-oauth-client/
 */
export const shortestTokenSeconds = 300

/**
 * The largest body of a request; beyond it Genesys answers 413. No channel brings texts of a tenth of that, so nothing is split,
 * which a test watches. https://developer.genesys.cloud/organization/organization/limits (`request.bytes.max`)
 */
export const maxRequestBytes = 512_000

/**
 * Characters that an agent can write into one message to an Open integration, and cards that a bot can put side by side. Genesys
 * sees to both, so what comes is carried whatever it holds.
 * https://help.mypurecloud.com/articles/accept-and-respond-to-a-message-interaction/
 * https://help.mypurecloud.com/articles/work-with-cards-in-bot-conversations/
 */
export const agentsLimits = { textCharacters: 4_000, carouselCards: 10 } as const
