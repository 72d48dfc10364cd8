#!/usr/bin/env bash
# A real Docker Engine for end-to-end tests, from Debian's packages, apart from any engine of the machine's own.
#   docker-engine.sh start [EXTRA DOCKERD FLAGS]   then: export DOCKER_HOST=unix:///tmp/berth-docker/docker.sock
#   docker-engine.sh stop
# DOCKER_HOME chooses another directory than /tmp/berth-docker, so that several engines can run side by side.
# Needs: apt-get install -y --no-install-recommends docker.io iptables
# No image can be pulled from outside: make one with `tar -C ROOTFS -c . | docker import - NAME`, where ROOTFS comes from
# debootstrap (or is a handful of files), and build on it with DOCKER_BUILDKIT=0 docker build.
set -euo pipefail
home=${DOCKER_HOME:-/tmp/berth-docker}

start() {
  mkdir -p "$home"
  nohup dockerd --data-root "$home/data" --exec-root "$home/exec" -H "unix://$home/docker.sock" --pidfile "$home/docker.pid" \
    --storage-driver vfs "$@" </dev/null >"$home/log" 2>&1 &
  local engine=$!
  for _ in $(seq 150); do
    docker -H "unix://$home/docker.sock" info >/dev/null 2>&1 && { echo "export DOCKER_HOST=unix://$home/docker.sock"; return; }
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.2
  done
  kill "$engine" 2>/dev/null || true
  tail -5 "$home/log" >&2
  exit 1
}

stop() {
  local engine
  [[ -f $home/docker.pid ]] || return 0
  engine=$(cat "$home/docker.pid")
  kill "$engine" 2>/dev/null || true
  while kill -0 "$engine" 2>/dev/null; do sleep 0.1; done
  # What a container left mounted would keep the directory from being removed.
  awk -v home="$home/" 'index($2, home) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount --lazy
}

case ${1:-} in
  start) shift; start "$@" ;;
  stop) stop ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
