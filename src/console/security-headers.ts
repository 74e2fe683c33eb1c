import type { RequestHandler } from 'express'

/** Our own pages: nothing inline, nothing from elsewhere. */
const ownPages = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
]

/**
 * The queue dashboard's page has a `<base>` element, a `<style>` element and style attributes, and makes style elements
 * at run time. Its scripts are files, its highlighter a worker from a file, so scripts stay as strict as ours.
 */
const dashboard = [
  "default-src 'none'",
  "style-src 'self' 'unsafe-inline'",
  "script-src 'self'",
  "worker-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
]

const headersWith = (policy: readonly string[]): RequestHandler => {
  const headers = {
    'Content-Security-Policy': policy.join('; '),
    // What the console shows must not stay behind in a shared browser or proxy.
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // Addresses hold ids of messages and customers. `no-referrer` would make browsers send `Origin: null` with forms.
    'Referrer-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  }
  return (_request, response, next) => {
    response.set(headers)
    next()
  }
}

/** For everything under `/admin`. */
export const consoleHeaders = headersWith(ownPages)

/** For the queue dashboard; replaces {@link consoleHeaders}. */
export const dashboardHeaders = headersWith(dashboard)
