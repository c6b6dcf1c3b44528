#!/bin/sh
# npm test: sets up what is missing, then runs every test that can run on this machine: unit tests,
# kernel tests in a namespace, the same and more under a kernel that can filter VLANs, lab tests with
# real daemons in namespaces of their own, and those of the lab that Docker runs. What could not run is
# said, with the reason. The last line counts all of them together.
#
#   sh test/run.sh [unit|kernel|uml|lab|compose]...     only some of them
set -u
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH

sh labs/setup.sh || exit 1
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# One project of vitest.config.ts, behind the words before it: the namespaces it needs.
suite() {
  project=$1
  shift
  echo "== $project tests"
  "$@" npx vitest run --project "$project" --reporter=default --reporter=json \
    --reporter=./test/suite-errors.mjs --outputFile.json="$results/$project.json" </dev/null
  echo "$?" >"$results/$project.code"
}

# In user-mode Linux, where nothing but the directory of the results can be written.
uml() {
  echo "== uml tests"
  if ! command -v linux.uml >/dev/null || ! command -v modprobe >/dev/null; then
    echo "uml: all of it (install user-mode-linux and kmod)" | tee "$results/uml.skipped"
    return
  fi
  mkdir "$results/guest"
  # The one of bookworm may lose routes when there are many at once.
  gobgpd=$(sh labs/debian.sh gobgpd trixie) || gobgpd=gobgpd
  RESULTS=$results/guest sh test/uml/run.sh env GOBGPD="$gobgpd" node_modules/.bin/vitest run --configLoader runner --project uml \
    --reporter=default --reporter=json --reporter=./test/suite-errors.mjs --outputFile.json=/mnt/uml.json
  echo "$?" >"$results/uml.code"
  for file in uml.json uml.json.suites; do
    [ ! -e "$results/guest/$file" ] || mv "$results/guest/$file" "$results/$file"
  done
}

compose() {
  suite compose sh labs/docker-engine.sh
  # What it takes is not there, which it has said itself.
  if [ "$(cat "$results/compose.code")" -eq 3 ]; then
    rm "$results/compose.code"
    echo "compose: all of it (no Docker engine is reachable, and none can be run here)" >"$results/compose.skipped"
  fi
}

for project in ${*:-unit kernel uml lab compose}; do
  case $project in
    unit) suite unit ;;
    kernel) suite kernel sh labs/runner/inside.sh ;;
    uml) uml ;;
    lab)
      # Here, because from inside the namespaces no mirror and no registry can be reached.
      for release in bookworm trixie sid; do sh labs/debian.sh gobgpd $release >/dev/null; done
      for release in bookworm forky; do sh labs/debian.sh frr $release >/dev/null; done
      command -v promtool >/dev/null || sh labs/debian.sh promtool "$(sed -n s/^VERSION_CODENAME=//p /etc/os-release)" >/dev/null
      for release in 20 24 newest; do sh labs/node.sh $release >/dev/null; done
      sh labs/package.sh >/dev/null
      sh labs/qemu/image.sh >/dev/null
      suite lab sh labs/runner/inside.sh
      ;;
    compose) compose ;;
    *) echo "usage: sh test/run.sh [unit|kernel|uml|lab|compose]..." >&2 && exit 2 ;;
  esac
done
node test/summary.mjs "$results"
