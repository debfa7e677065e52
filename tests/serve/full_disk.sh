#!/usr/bin/env bash
# A full disk: 507, nothing acknowledged is lost, and it goes on when there is room again, without a restart.
#
# Mounts a small tmpfs in a mount namespace of its own (needs root, or user namespaces). The work is done by
# full_disk.py, once with the high mark, which refuses while there is still room, and once with almost none, so that
# the writes themselves fail.
set -euo pipefail
cd "$(dirname "$0")"
if [ "$(id -u)" = 0 ]; then in_namespace=(unshare -m); else in_namespace=(unshare -Urm); fi
for mark in 8MiB 1KiB; do
  # shellcheck disable=SC2016 # the inner shell expands
  "${in_namespace[@]}" bash -c '
    set -euo pipefail
    folder=$(mktemp -d)
    mount -t tmpfs -o size=48m,mode=700 tmpfs "$folder"
    status=0
    python3 full_disk.py "$folder" "$1" || status=$?
    umount "$folder"
    rmdir "$folder"
    exit "$status"
  ' bash "$mark"
done
