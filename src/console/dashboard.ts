import type { Queue } from 'bullmq'
import { type RequestHandler, Router } from 'express'
import { maskJob, maskPayload } from './masking.ts'
import { dashboardHeaders } from './security-headers.ts'

const readMethods = new Set(['GET', 'HEAD'])

/**
 * The queue dashboard (bull-board), to look only: messages are replayed or discarded through the console, which keeps
 * their order, their keys and a record of who did it. Job contents are masked.
 * @param parts.queues asked on the first request, when the dashboard is loaded: it costs start-up time that few
 *   processes need
 */
export function createDashboard(parts: { queues(): readonly Queue[] }): Router {
  let board: Promise<RequestHandler> | undefined
  const router = Router()

  // bull-board's own read-only mode answers 200 to "pause all" while doing nothing; here every change is an error.
  router.use((request, response, next) => {
    if (readMethods.has(request.method)) return next()
    response
      .status(405)
      .set('Allow', 'GET, HEAD')
      .json({ error: { code: 'read_only', message: 'The queue dashboard is read-only.' } })
  })

  router.use(dashboardHeaders)

  router.use(async (request, response, next) => {
    board ??= loadBoard({ basePath: request.baseUrl, queues: parts.queues }).catch((error: unknown) => {
      // The next request tries again.
      board = undefined
      throw error
    })
    const handler = await board
    renderWithoutForeignFonts(response)
    await handler(request, response, next)
  })

  return router
}

async function loadBoard(parts: { readonly basePath: string; queues(): readonly Queue[] }): Promise<RequestHandler> {
  const [{ createBullBoard }, { BullMQAdapter }, { ExpressAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/express'),
  ])
  const serverAdapter = new ExpressAdapter()
  serverAdapter.setBasePath(parts.basePath)
  const adapters = parts.queues().map((queue) => {
    const adapter = new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })
    for (const field of ['data', 'returnValue', 'progress'] as const) adapter.setFormatter(field, maskPayload)
    return adapter
  })
  createBullBoard({
    queues: adapters,
    serverAdapter,
    options: {
      uiConfig: { boardTitle: 'Queues', hideRedisDetails: true, hideDocsLink: true },
      handlerHooks: {
        // Sees the route's pattern, so ids that look like a route's word cannot get around it.
        after: (context, answer) => ({ ...answer, body: maskAnswer(context.route, answer.body) }),
      },
    },
  })
  const app = serverAdapter.getRouter()
  app.disable('x-powered-by')
  return app
}

/** Masks what formatters do not reach: they cover data, result and progress of a job, and nothing else. */
function maskAnswer(route: string, body: string | object): string | object {
  if (typeof body === 'string') return body
  if (route.endsWith('/logs')) return []
  if (route.endsWith('/flow')) return { ...body, isFlowNode: false, flowRoot: null }
  if (route.endsWith('/job-schedulers')) return { schedulers: [] }
  if ('job' in body && isObject(body.job)) return { ...body, job: maskJob(body.job) }
  if ('queues' in body && Array.isArray(body.queues)) return { ...body, queues: body.queues.map(maskQueue) }
  return body
}

function maskQueue(queue: unknown): unknown {
  if (!isObject(queue) || !('jobs' in queue) || !Array.isArray(queue.jobs)) return queue
  return { ...queue, jobs: queue.jobs.map((job: unknown) => (isObject(job) ? maskJob(job) : job)) }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The page asks Google for fonts; the console fetches nothing from elsewhere, and system fonts do. */
function renderWithoutForeignFonts(response: Parameters<RequestHandler>[1]): void {
  const render = response.render.bind(response) as (
    view: string,
    values: object,
    done: (error: Error | null, html?: string) => void,
  ) => void
  response.render = (view: string, values?: unknown) => {
    render(view, isObject(values) ? values : {}, (error, html) => {
      if (error || html === undefined) return response.req.next?.(error ?? new Error('The page came out empty.'))
      response.send(html.replace(/<link href="https:\/\/[^>]*>/g, ''))
    })
  }
}
