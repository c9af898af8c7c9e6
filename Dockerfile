# One image for every command: `docker run … api` (the default), `worker`, `migrate`, `account …`, `settings`.
# The version of Node is the one that package.json pins for development and tests.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
COPY schema ./schema
COPY migrations ./migrations
COPY templates ./templates
RUN npm run build

# No production dependency needs an install script: argon2 and bcrypt bring their binaries (glibc and musl, x64 and arm64).
# What compiles (TypeScript, mjml for the mail templates) is a development dependency: the build stage has used it.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24.21.0-bookworm-slim
# OPS_HOST: inside a container 127.0.0.1 could be read by nobody. Publish the port to your monitoring only.
ENV NODE_ENV=production OPS_HOST=0.0.0.0
WORKDIR /app
COPY package.json LICENSE ./
COPY schema/schema.graphql ./schema/
COPY src/password-reset/reset-page/page.html ./src/password-reset/reset-page/
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The image's user `node`, by number, because Kubernetes' runAsNonRoot reads numbers only. Everything above belongs to
# root and nothing is written at run time, so the file system may be mounted read-only.
USER 1000:1000
EXPOSE 4000 9464
# Liveness only: a process whose stores are away is healthy, and restarting it would mend nothing. Works for `api` and
# `worker`; switch it off where OPS_PORT is 0 and for one-off commands.
HEALTHCHECK --interval=15s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.OPS_PORT || 9464}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No init process: `api` and `worker` handle SIGTERM and SIGINT themselves, also as process 1, and start no child
# processes that could become zombies. Give them 80 seconds to end (docs/operate.md).
ENTRYPOINT ["node", "dist/latchkey.js"]
CMD ["api"]
