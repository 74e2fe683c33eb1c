/** Genesys' numbers, each with the page that states it. */

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
