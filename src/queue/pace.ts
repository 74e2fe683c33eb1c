/** How the requests of a budget are spread over time; everything in ms but `atOnce`. */
export interface Pace {
  /** Between two requests, on average. */
  readonly spacingMs: number
  /** By so much a request may come before it is due, so that nothing is lost to timers that go off late. */
  readonly earlyMs: number
  /** After a rest so many may come at once; they are made up for before the next one. */
  readonly atOnce: number
  /**
   * After a rest of a second, or of 20 s of the process that asks, requests may be sent by so much later than others: they may have to
   * open connections.
   */
  readonly coldMs: number
  /** So long after it was granted a permit may be used; 0: it is used at once. */
  readonly leaseMs: number
  /** A permit that took longer to arrive is void: used so late, it would fall into one second with those after it. */
  readonly lateMs: number
}

const secondMs = 1_000
const minuteMs = 60_000

/** No process can be woken more exactly. Also the most that is granted in one portion where thousands pass in a second. */
const earlyMs = 20

/** Between the grant and the arrival at the platform lies a varying time; so much of variation does no harm. */
const secondMarginMs = 50

/** The same for a minute, of which a platform may keep a clock of its own. */
const minuteMarginMs = 1_000

/**
 * From so many requests a second on, a process fetches permits ahead, lest it asks Redis before every request; and for longer
 * where the budget is more than a process can use up.
 */
const leaseFrom = 1_000
const longLeaseFrom = 10_000
const leaseOf = (perSecond: number): number => (perSecond >= longLeaseFrom ? 100 : perSecond >= leaseFrom ? 20 : 0)

/** What a handshake takes; nothing where so much passes in a second that connections are open. */
const coldOf = (perSecond: number): number => (perSecond >= leaseFrom ? 0 : 150)

/** After a rest so many may come at once, if a second may see so many. */
const mostAtOnce = 10

/**
 * Spreads a budget so evenly that no second sees more than a sixtieth of it, rounded up, and no minute more than all of it,
 * wherever second and minute begin, and also while requests come at the platform a little later than they were granted.
 *
 * Why that holds: a batch of k requests is granted at t only when at least (k - 1) · spacing - early have passed since all earlier ones
 * were due, and puts off the next one by k · spacing. So n requests that are not one batch span at least (n - 1) · spacing -
 * early, and the spacing is chosen such that one request too many spans more than a second, and more than a minute.
 * What comes at once after a rest needs no exception from this rule, because it is made up for afterwards.
 * @param perMinute requests in any 60 s, at least 1
 */
export function paceOf(perMinute: number): Pace {
  const perSecond = Math.ceil(perMinute / 60)
  const leaseMs = leaseOf(perSecond)
  const spacingMs = Math.max(
    (secondMs + secondMarginMs + earlyMs + leaseMs) / perSecond,
    (minuteMs + minuteMarginMs + earlyMs + leaseMs) / perMinute,
  )
  return {
    spacingMs,
    earlyMs,
    atOnce: Math.min(perSecond, Math.max(mostAtOnce, 1 + Math.floor((earlyMs + leaseMs) / spacingMs))),
    coldMs: coldOf(perSecond),
    leaseMs,
    lateMs: Math.min(perSecond * spacingMs - secondMs - earlyMs - leaseMs, minuteMarginMs),
  }
}
