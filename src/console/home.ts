/**
 * The console's first page: what there is to look at. Plain HTML without scripts or styles of its own.
 * @param page.basePath where the console is mounted, `/admin`
 */
export const homePage = (page: { readonly basePath: string }): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Ops console · LINE–Genesys bridge</title>
<link rel="icon" href="${page.basePath}/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${page.basePath}/assets/tokens.css">
<link rel="stylesheet" href="${page.basePath}/assets/home.css">
</head>
<body>
<header class="top">
  <a class="mark" href="${page.basePath}"><svg viewBox="0 0 30 20" aria-hidden="true"><path d="M1 16h28" stroke="currentColor" stroke-width="2"/><path d="M5 16c0-14 20-14 20 0M11 16V8.2M15 16V5.8M19 16V8.2" fill="none" stroke="currentColor" stroke-width="1.4"/><circle class="in" cx="5" cy="16" r="3.2"/><circle class="out" cx="25" cy="16" r="3.2"/></svg>Ops console</a>
  <p class="sides"><b class="in">LINE</b><svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 8h12M5 5 2 8l3 3M11 5l3 3-3 3"/></svg><b class="out">Genesys</b></p>
</header>
<main>
  <h1>What is the bridge doing?</h1>
  <p class="lead">Message texts and names are not shown on any of these pages.</p>
  <ul class="sheet">
    <li>
      <a href="${page.basePath}/queues"><svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 3h12v3H2zM2 10h12v3H2z"/></svg><b>Queues</b>
      <span>What waits, is being delivered or was given up, for each channel and direction. To look only; contents are covered.</span></a>
    </li>
    <li>
      <a href="/readyz"><svg class="i" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.3"/><path d="m5.2 8.2 2 2 3.6-4.2"/></svg><b>Readiness</b>
      <span>Whether this process takes messages, and the check that fails if it does not.</span></a>
    </li>
    <li>
      <a href="/metrics"><svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 13a6.5 6.5 0 1 1 12 0M8 10l3-4"/></svg><b>Metrics</b>
      <span>Counts and times for Prometheus. Where a metrics token is set, a browser is refused.</span></a>
    </li>
  </ul>
</main>
</body>
</html>
`
