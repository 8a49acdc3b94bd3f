# One image for each role: docker build --build-arg ROLE=standalone --tag tickline .
# A role is a package with a src/main.ts that serves GET /readyz on PORT.
ARG NODE_IMAGE=node:24-bookworm-slim

# Of the workspace, only what the role needs: json/ has its manifests and its part of the lockfile, full/ its sources too.
FROM ${NODE_IMAGE} AS pruned
ARG ROLE=standalone
ENV TURBO_TELEMETRY_DISABLED=1
WORKDIR /workspace
COPY . .
RUN --mount=type=cache,target=/root/.npm \
  npx --yes "turbo@$(node -p 'require("./package.json").devDependencies.turbo')" prune "@tickline/${ROLE}" --docker

FROM ${NODE_IMAGE} AS built
ARG ROLE=standalone
ENV TURBO_TELEMETRY_DISABLED=1
WORKDIR /app
COPY --from=pruned /workspace/out/json/ ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY --from=pruned /workspace/out/full/ /workspace/tsconfig.base.json ./
RUN npm run build && test -f "packages/${ROLE}/dist/main.js" && mkdir /built && cp --recursive --parents packages/*/dist /built

# The optional packages are Node itself, which the image has.
FROM ${NODE_IMAGE} AS installed
WORKDIR /app
COPY --from=pruned /workspace/out/json/ ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --omit=optional

FROM ${NODE_IMAGE}
ARG ROLE=standalone
RUN install --directory --owner=node /data
COPY --from=installed /app /app
COPY --from=built /built /app
# `docker stop` kills after 10 s: what is running is given back before that. With a longer grace DRAIN_MS may be longer too.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=7070 DATA_DIR=/data DRAIN_MS=7000
USER node
VOLUME /data
EXPOSE 7070
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
WORKDIR /app/packages/${ROLE}
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
