# roamd and gobgpd in one image, for a leaf whose daemons are containers and for labs/compose.
#
#   docker build -t roamd .
#   docker build -t roamd --build-arg BASE_IMAGE=debian:forky-slim .      # with GoBGP 4
#
# A container of roamd shares the network namespace of the leaf, and needs two capabilities:
#
#   docker run --network host --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_RAW roamd

# Both of the same Debian, for the Node of one runs in the other.
ARG NODE_IMAGE=node:22-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends gcc libc6-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --silent && npm install --global --prefix /opt/roamd --no-audit --no-fund ./roamd-*.tgz

FROM ${BASE_IMAGE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends gobgpd iproute2 iputils-ping \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /opt/roamd /usr/local
ENTRYPOINT ["roamd"]
