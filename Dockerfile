# One image for each role: docker build --build-arg ROLE=api --tag tickline-api .
# A role is a package whose src/main.ts serves GET /readyz on PORT. All of them are built once; each gets what it needs.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG ROLE=standalone

# Of the workspace, only what the roles need: json/ has its manifests and its part of the lockfile, full/ its sources too.
FROM ${NODE_IMAGE} AS pruned
ENV TURBO_TELEMETRY_DISABLED=1
WORKDIR /workspace
COPY . .
RUN --mount=type=cache,target=/root/.npm \
  npx --yes "turbo@$(node -p 'require("./package.json").devDependencies.turbo')" prune --docker \
  @tickline/standalone @tickline/api @tickline/scheduler @tickline/executor

FROM ${NODE_IMAGE} AS built
ENV TURBO_TELEMETRY_DISABLED=1
WORKDIR /app
COPY --from=pruned /workspace/out/json/ ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY --from=pruned /workspace/out/full/ /workspace/tsconfig.base.json ./
RUN npm run build

# The optional packages are Node itself, which the image has. npm links the packages of ours that the role needs, and no others.
FROM ${NODE_IMAGE} AS installed
ARG ROLE
WORKDIR /app
COPY --from=pruned /workspace/out/json/ ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --omit=optional --workspace "packages/${ROLE}"
RUN --mount=from=built,source=/app/packages,target=/built \
  test -f "/built/${ROLE}/dist/main.js" && mkdir -p /dist && cd node_modules/@tickline && \
  for package in *; do mkdir "/dist/$package" && cp -r "/built/$package/dist" "/dist/$package"; done

FROM ${NODE_IMAGE}
ARG ROLE
RUN install --directory --owner=node /data
COPY --from=installed /app /app
COPY --from=installed /dist /app/packages
# `docker stop` kills after 10 s: what is running is given back before that. With a longer grace DRAIN_MS may be longer too.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=7070 DATA_DIR=/data DRAIN_MS=7000
USER node
VOLUME /data
EXPOSE 7070
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
WORKDIR /app/packages/${ROLE}
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
