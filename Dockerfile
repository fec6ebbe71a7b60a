# The gateway as an image: `docker build -t tandem .`. `node scripts/image-steps.mjs` carries out the same steps without Docker.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs ./scripts/
COPY src ./src
RUN node scripts/build.mjs
RUN npm prune --omit=dev

FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
ENV HOST=0.0.0.0
ENV PORT=4000
ENV TANDEM_DATA_DIR=/data
# A load balancer has that long to notice that it stops.
ENV DRAIN_SECONDS=5
# What the gateway writes, if anything, it writes there: the root may be read-only.
RUN mkdir -p /data && chown node:node /data
VOLUME /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Without a shell between, so that the signal to stop reaches the gateway, which then answers what is under way.
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/bundle/main.js"]
