#!/usr/bin/env bash
# Installs the packages of system/packages.txt that are missing, when it may; otherwise says
# which are missing, and what will not work. Nothing that is installed is started.
set -euo pipefail

list="$(dirname "$0")/../system/packages.txt"
stamp="${1:-}"
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf

present() {
  case "$1" in
    python:*) "${PYTHON:-python3}" -c "import ${1#python:}" 2>/dev/null ;;
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
look() {
  missing=()
  while read -r package probe; do
    case "$package" in '' | '#'*) continue ;; esac
    present "$probe" || missing+=("$package")
  done <"$list"
}

install_missing() {
  # A package that brings a service would start it; we only want the programs.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  # Debian makes a database cluster on installation; say before that none is wanted.
  if [ ! -e "$clusters" ]; then
    mkdir -p "$(dirname "$clusters")"
    printf 'create_main_cluster = false\n' >"$clusters"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq --yes --no-install-recommends \
    -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
}

look
if [ "${#missing[@]}" -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${missing[*]}"
  install_missing || echo "apt-get did not succeed" >&2
  look
fi
if [ "${#missing[@]}" -gt 0 ]; then
  echo "missing system packages: ${missing[*]}" >&2
  echo "  install them as root: apt-get install ${missing[*]}" >&2
  echo "  going on without; what needs them will say so" >&2
  exit 0
fi
if [ -n "$stamp" ]; then
  mkdir -p "$(dirname "$stamp")"
  touch "$stamp"
fi
