/**
 * Loads the program once without starting it. Run at installation with Node's compile cache on, so that the first start is as quick as
 * the later ones: https://nodejs.org/api/module.html#module-compile-cache
 */
await Promise.all([
  import('./config.ts'),
  import('./lib/redis-keeper.ts'),
  import('./app.ts'),
  import('./channels/line/index.ts'),
])

export {}
