#!/bin/sh
# Writes src/gobgp/generated/{v3,v4} from the .proto files beside this script. A developer's step:
# what it writes is committed, so that building roamd needs neither buf nor ts-proto.
set -eu
cd "$(dirname "$0")/../../.."

options='outputServices=grpc-js,esModuleInterop=true,importSuffix=.ts,oneof=unions-value'
options="$options,enumsAsLiterals=true,unrecognizedEnum=false,outputJsonMethods=false"
options="$options,outputPartialMethods=false,useExactTypes=false,useDate=false,comments=false"

# buf's own install step writes its binary; npm does not run it where scripts are switched off.
[ -x node_modules/@bufbuild/buf/bin/buf ] || node node_modules/@bufbuild/buf/install.js

for generation in v3 v4; do
  out="src/gobgp/generated/$generation"
  rm -rf "$out"
  npx buf generate "src/gobgp/proto/$generation" --template "{
    \"version\": \"v2\",
    \"plugins\": [{
      \"local\": [\"npx\", \"protoc-gen-ts_proto\"],
      \"out\": \"$out\",
      \"opt\": \"$options\"
    }]
  }"
done
