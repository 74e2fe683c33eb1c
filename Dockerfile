# The bridge without Redis: name one with REDIS_URL. docker-compose.yml brings its own.

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts: the packages bring their binaries, and our own script needs the sources, which come later.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json bridge.config.yaml ./
COPY src ./src
ENV NODE_COMPILE_CACHE=/app/node_modules/.cache/node
RUN node src/warm.ts
# Made here, so that a volume that is mounted on it belongs to the user of the bridge.
RUN mkdir -p .data/media && chown -R node:node .data
USER node
VOLUME /app/.data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process and hears SIGTERM; npm in between would not pass it on. As in package.json: a young
# generation of half the usual size, an old one that grows slowly, and one arena for native memory save memory.
ENV MALLOC_ARENA_MAX=1
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=100", "--expose-gc", "src/main.ts"]
