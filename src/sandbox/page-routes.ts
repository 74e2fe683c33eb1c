import { fileURLToPath } from 'node:url'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import { z } from 'zod'
import { botMessageKinds } from './bot-messages.ts'
import type { ChosenFile, PageActions, PageBrand } from './page-actions.ts'
import { type FaultName, faultNames } from './page-faults.ts'
import { serveFile } from './page-files.ts'
import type { PageStream } from './page-stream.ts'

/** Largest file that can be chosen on the page. */
const maxUploadBytes = 30 * 1024 * 1024

/** Refuses what another site's page asks for in the reader's name. Terminals send neither header and may pass. */
const sameOriginOnly: RequestHandler = (request, response, next) => {
  const origin = request.get('origin')
  const site = request.get('sec-fetch-site')
  const isForeign =
    (origin !== undefined && origin !== `${request.protocol}://${request.get('host')}`) ||
    (site !== undefined && site !== 'same-origin')
  if (request.method === 'POST' && isForeign) response.status(403).json({ error: 'Only this page may do that.' })
  else next()
}

/** No inline script or style; pictures and films also from the bridge, whose links LINE and Genesys get. */
const securityHeaders =
  (mediaOrigin: () => string): RequestHandler =>
  (_request, response, next) => {
    const media = `'self' blob: ${mediaOrigin()}`.trim()
    response.set({
      'content-security-policy': [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        `img-src ${media}`,
        `media-src ${media}`,
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    })
    next()
  }

const channelName = z.string().max(64)
const text = z.string().trim().min(1).max(5000)
const shapes = {
  text: z.object({ channel: channelName, text }),
  tap: z.object({
    channel: channelName,
    message: z.string().max(32),
    place: z.number().int().min(0),
    chosen: z.string().max(16).optional(),
  }),
  unsend: z.object({ channel: channelName, message: z.string().min(1).max(32) }),
  sticker: z.object({ channel: channelName, sticker: z.string() }),
  channel: z.object({ channel: channelName }),
  block: z.object({ channel: channelName, isBlocked: z.boolean() }),
  answer: z.object({ channel: channelName, text, quick: z.array(z.string().trim().min(1).max(20)).max(13).optional() }),
  bot: z.object({ channel: channelName, kind: z.enum(botMessageKinds) }),
  fault: z.object({ fault: z.enum(faultNames), isOn: z.boolean() }),
  upload: z.object({
    channel: channelName,
    name: z.string().min(1).max(255),
    durationMs: z.coerce.number().int().positive().optional(),
  }),
  nothing: z.object({}),
}

function chosenFile(request: Request, query: z.output<typeof shapes.upload>): ChosenFile {
  if (!Buffer.isBuffer(request.body) || request.body.length === 0) throw new RangeError('The file is empty.')
  const name = [...query.name.replace(/^.*[\\/]/, '')].filter((one) => one > '\u001f' && one !== '\u007f').join('')
  return {
    bytes: request.body,
    mime: request.get('content-type') ?? 'application/octet-stream',
    name: name === '' ? 'file' : name,
    durationMs: query.durationMs,
  }
}

const tellError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error)
  const status = error instanceof z.ZodError || error instanceof RangeError ? 400 : (error?.status ?? 500)
  const words =
    status === 413
      ? 'The sandbox takes files up to 30 MB.'
      : error instanceof RangeError
        ? error.message
        : status < 500
          ? 'The sandbox does not understand that request.'
          : 'The sandbox could not do that.'
  response.status(status).json({ error: words })
}

/** Everything that the page can ask of its server. */
export function createPageApp(settings: {
  readonly brands: readonly PageBrand[]
  readonly actions: PageActions
  readonly stream: PageStream
  readonly turnFault: (name: FaultName, isOn: boolean) => Promise<void>
  readonly startOver: () => Promise<void>
  /** A customer's file, as LINE's content API has it. */
  readonly customersFile: (channel: string, messageId: string) => { bytes: Buffer; mime: string } | undefined
  readonly mediaOrigin: () => string
}): Express {
  const { actions, stream } = settings
  const app = express().disable('x-powered-by').disable('etag')
  const brandOf = (name: string): PageBrand => {
    const found = settings.brands.find((one) => one.name === name)
    if (!found) throw new RangeError('There is no such channel.')
    return found
  }
  const does = <Shape extends z.ZodType>(
    path: string,
    shape: Shape,
    act: (body: z.output<Shape>) => Promise<void>,
  ): void => {
    app.post(`/actions/${path}`, express.json({ limit: '64kb' }), async (request, response) => {
      await act(shape.parse(request.body))
      response.json({ ok: true })
    })
  }
  const takes = (path: string, act: (brand: PageBrand, file: ChosenFile) => Promise<void>): void => {
    app.post(
      `/actions/${path}`,
      express.raw({ type: () => true, limit: maxUploadBytes }),
      async (request, response) => {
        const query = shapes.upload.parse(request.query)
        await act(brandOf(query.channel), chosenFile(request, query))
        response.json({ ok: true })
      },
    )
  }

  app.use(securityHeaders(settings.mediaOrigin), sameOriginOnly)
  app.get('/events', stream.serve)

  does('customer/text', shapes.text, (body) =>
    actions.customerSends(brandOf(body.channel), { type: 'text', text: body.text }),
  )
  does('customer/tap', shapes.tap, ({ channel, message, place, chosen }) =>
    actions.customerTaps(brandOf(channel), {
      messageId: message,
      action: place,
      ...(chosen === undefined ? {} : { chosen }),
    }),
  )
  does('customer/unsend', shapes.unsend, (body) =>
    actions.customerSends(brandOf(body.channel), { type: 'unsend', messageId: body.message }),
  )
  does('customer/sticker', shapes.sticker, (body) => actions.customerSendsSticker(brandOf(body.channel), body.sticker))
  does('customer/location', shapes.channel, (body) => actions.customerSendsPlace(brandOf(body.channel)))
  does('customer/burst', shapes.channel, async (body) => {
    const brand = brandOf(body.channel)
    await Promise.all(brand.scene.burst.map((one) => actions.customerSends(brand, { type: 'text', text: one })))
  })
  does('customer/block', shapes.block, (body) => actions.customerBlocks(brandOf(body.channel), body.isBlocked))
  takes('customer/upload', actions.customerSendsFile)
  does('agent/text', shapes.answer, (body) =>
    body.quick && body.quick.length > 0
      ? actions.botSendsQuickReplies(brandOf(body.channel), body.text, body.quick)
      : actions.agentSends(brandOf(body.channel), body.text),
  )
  does('bot/message', shapes.bot, (body) => actions.botSends(brandOf(body.channel), body.kind))
  does('agent/typing', shapes.channel, (body) => actions.agentTypes(brandOf(body.channel)))
  takes('agent/upload', actions.agentSendsFile)
  does('faults', shapes.fault, (body) => settings.turnFault(body.fault, body.isOn))
  does('start-over', shapes.nothing, settings.startOver)

  app.get('/files/phone/:channel/:id', (request, response) =>
    serveFile(request, response, settings.customersFile(request.params.channel, request.params.id)),
  )
  app.get('/files/desk/:id', (request, response) => serveFile(request, response, actions.agentsFile(request.params.id)))
  app.use(express.static(fileURLToPath(new URL('./page/', import.meta.url)), { etag: true, cacheControl: false }))
  app.use(tellError)
  return app
}
