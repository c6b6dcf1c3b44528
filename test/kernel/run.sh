#!/bin/sh
# Runs the kernel tests, or those named, in namespaces of their own: they may do what they like to
# the network, and nothing of it is left, even when they are killed.
set -eu
cd "$(dirname "$0")/../.."
npm run --silent build
exec sh labs/runner/inside.sh npx vitest run --project kernel "$@"
