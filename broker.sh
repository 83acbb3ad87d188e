#!/usr/bin/env bash
# A RabbitMQ for as long as it is needed, without Docker: the distribution's rabbitmq-server as a private node.
# It has data, cookie, epmd and random ports of its own, listens on 127.0.0.1 only and leaves nothing behind.
#
#   ./broker.sh COMMAND [ARGUMENT...]   runs the command beside a fresh broker; the exit status is the command's
#   ./broker.sh                         keeps the broker up until Ctrl+C or until its input ends
#
# The command finds the broker in its environment: ConnectionStrings__rabbitmq is what the worker reads,
# REWORKER_TEST_AMQP what the tests read, REWORKER_TEST_RABBITMQCTL is a rabbitmqctl that speaks to this node.
# Without a command the URI is the first line on standard output, the path of that rabbitmqctl the second.
set -euo pipefail

say() { printf 'broker: %s\n' "$*" >&2; }
die() { say "$1"; exit 1; }
taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

case ${1:-} in -h | --help) sed -n '2,/^set/{s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac

# the scripts themselves: the wrapper on PATH would switch to the system's user and its data
for bin in /usr/lib/rabbitmq/bin /opt/rabbitmq/sbin ''; do [ -x "$bin/rabbitmq-server" ] && break; done
[ -n "$bin" ] || die 'rabbitmq-server is not installed: apt-get install rabbitmq-server, or use Docker (docker compose up)'

dir='' keeper=''
let_go() {
    [ -z "$keeper" ] || { exec {leash}>&-; wait "$keeper"; }
    [ -z "$dir" ] || rm -rf "$dir"
}
trap let_go EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The folder carries the port in its name: making it also reserves the port among brokers that start at once.
tmp=${TMPDIR:-/tmp}
[ -w "$tmp" ] || die "cannot write to $tmp: set TMPDIR to a folder that you may write to"
while [ -z "$dir" ]; do
    port=$((20000 + RANDOM % 4000 * 3)) epmd_port=$((port + 1))
    if taken "$port" || taken "$epmd_port" || taken $((port + 2)); then continue; fi
    ! mkdir -m 700 "$tmp/reworker-broker-$port" 2>/dev/null || dir=$tmp/reworker-broker-$port
done

# What the node started: its environment names the folder as home. False if there is nothing left.
stop_children() {
    local file found=1
    for file in /proc/[0-9]*/environ; do
        if grep -qazxF "HOME=$dir" "$file" && kill -KILL "$(basename "$(dirname "$file")")"; then found=0; fi
    done
    return "$found"
}

# Owns epmd and the node. It lives in a session of its own, starts them when this script says so and ends them
# when this script lets go of the leash, which it does however it ends, kill -9 included. Then the folder goes too.
keep() {
    cd "$dir" || return
    if read -r _; then
        epmd -port "$epmd_port" -address 127.0.0.1 & epmd=$!
        until taken "$epmd_port" || ! kill -0 "$epmd"; do sleep 0.05; done
        ./run rabbitmq-server >>log 2>&1 & node=$!
        cat <&0 & leash=$!
        wait -n "$epmd" "$node" "$leash"
        : >ended
        kill -KILL "$node"
        while stop_children; do sleep 0.05; done # one of them would start an epmd again
        kill -KILL "$epmd"
        wait
    fi
    rm -rf "$dir"
}

mkfifo "$dir/leash"
exec {leash}<>"$dir/leash"
setsid bash -c "$(declare -p dir epmd_port; declare -f taken stop_children keep); keep" <"$dir/leash" >/dev/null 2>&1 {leash}>&- & keeper=$!

loopback='-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false'
settings=(
    PATH="$PATH" HOME="$dir" TMPDIR="$dir" LANG=C.UTF-8 ERL_CRASH_DUMP_SECONDS=0
    ERL_EPMD_PORT="$epmd_port"
    RABBITMQ_NODENAME=broker@localhost
    RABBITMQ_DIST_PORT=$((port + 2))
    RABBITMQ_CONF_ENV_FILE="$dir/none"
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf"
    RABBITMQ_CONFIG_FILES="$dir/none"
    RABBITMQ_ADVANCED_CONFIG_FILE="$dir/none"
    RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins"
    RABBITMQ_MNESIA_BASE="$dir/data"
    RABBITMQ_LOG_BASE="$dir" RABBITMQ_LOGS=-
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback"
    RABBITMQ_CTL_ERL_ARGS="$loopback"
    RUNNING_UNDER_SYSTEMD=true # the server script then becomes the node instead of waiting for it
)
cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$port
disk_free_limit.absolute = 10MB
raft.wal_max_size_bytes = 64000000
CONF
echo '[].' >"$dir/enabled_plugins"
(umask 077 && head -c 30 /dev/urandom | base64 >"$dir/.erlang.cookie")
# shellcheck disable=SC2016 # the script expands these
printf '#!/bin/sh\nbin=$1; shift\nexec env -i %s %s/"$bin" "$@"\n' "${settings[*]@Q}" "$bin" >"$dir/run"
printf '#!/bin/sh\nexec %s rabbitmqctl "$@"\n' "${dir@Q}/run" >"$dir/rabbitmqctl"
chmod +x "$dir/run" "$dir/rabbitmqctl"
: >"$dir/log"

say 'starting a private RabbitMQ, which takes some ten seconds'
echo go >&"$leash"
until grep -q 'startup complete' "$dir/log"; do
    if [ -e "$dir/ended" ] || [ "$SECONDS" -ge 120 ]; then
        { grep -F -m 10 '[error]' "$dir/log" || tail -n 10 "$dir/log"; } >&2
        die "RabbitMQ did not start in $SECONDS s: the reason from its log is above"
    fi
    sleep 0.1
done

uri=amqp://guest:guest@127.0.0.1:$port/
if [ $# = 0 ]; then
    say "up after $SECONDS s; Ctrl+C or the end of the input stops it"
    printf '%s\nrabbitmqctl: %s\n' "$uri" "$dir/rabbitmqctl"
    while [ ! -e "$dir/ended" ]; do
        read -rt 1 || [ $? -gt 128 ] || exit 0
    done
    tail -n 15 "$dir/log" >&2
    die 'RabbitMQ has ended: the end of its log is above'
fi

say "up after $SECONDS s at $uri"
export ConnectionStrings__rabbitmq=$uri REWORKER_TEST_AMQP=$uri REWORKER_TEST_RABBITMQCTL=$dir/rabbitmqctl
# In the background with its own input, so that a signal to this script is passed on at once; env undoes
# what bash does to background commands, that they are deaf to Ctrl+C.
env --default-signal=INT,QUIT "$@" <&0 {leash}>&- & command=$!
trap '[ -t 0 ] || kill -TERM "$command"' INT # a terminal tells the command itself
trap 'kill -TERM "$command"' TERM HUP
while :; do
    status=0; wait "$command" || status=$?
    kill -0 "$command" 2>/dev/null || exit "$status"
done
