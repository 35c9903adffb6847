# The server as an image: docker build --tag keyfob:0.1.0 .
# The base is the Node that the tests run on, by its exact tag. Append @sha256:... where your registry is not trusted to keep tags.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /keyfob
COPY package.json package-lock.json .npmrc ./
COPY packages/server/package.json packages/server/
COPY packages/sandbox/package.json packages/sandbox/
COPY packages/keeper/package.json packages/keeper/
COPY packages/trials/package.json packages/trials/
RUN npm ci --ignore-scripts --workspace packages/server --include-workspace-root
COPY LICENSE tsconfig.base.json ./
COPY packages/server packages/server/
RUN npm run build --workspace packages/server
# Only the runtime dependencies, in the versions of the lock file.
RUN npm ci --ignore-scripts --omit=dev --omit=optional --workspace packages/server

FROM node:24.21.0-bookworm-slim
WORKDIR /keyfob
COPY --from=build /keyfob/node_modules node_modules/
COPY --from=build /keyfob/packages/server/package.json /keyfob/LICENSE packages/server/
COPY --from=build /keyfob/packages/server/bin packages/server/bin/
COPY --from=build /keyfob/packages/server/dist packages/server/dist/
RUN install -d -o 1000 -g 1000 -m 700 /var/lib/keyfob
# The admin listener answers inside the container only, unless KEYFOB_ADMIN_HOST says otherwise.
ENV NODE_ENV=production KEYFOB_HOST=0.0.0.0 KEYFOB_DATA=/var/lib/keyfob KEYFOB_ADMIN_PORT=8788
# The user "node" of the base image, as a number, so that Kubernetes sees that it is not root.
USER 1000:1000
VOLUME /var/lib/keyfob
EXPOSE 8787 8788
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.KEYFOB_ADMIN_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "packages/server/bin/keyfob.js"]
CMD ["serve"]
