#!/usr/bin/env bash
# Sees to it that the programs are there which some suites need: a Python that can make a virtual environment (executors in Python,
# schemathesis), curl and jq (the executor in the shell). Installs only what is missing.
set -euo pipefail
# shellcheck source=images/common.sh
. "$(dirname "$0")/images/common.sh"

serves() { python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1; }

serves || apt_install python3 python3-venv ca-certificates
serves || die "install Python 3.11 or newer with its venv module, as python3 on PATH: $(command -v python3) is $(python3 --version 2>&1)"
for program in curl jq; do
  command -v "$program" > /dev/null || apt_install "$program"
done
