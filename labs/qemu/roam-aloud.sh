#!/bin/sh
# `roam` in a node of the lab, which writes down what it is told and what comes of it.
echo "roam $*" >>/run/log/words.log
exec sh /roamd/labs/runner/bin/roam "$@" >>/run/log/words.log 2>&1
