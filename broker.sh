#!/usr/bin/env bash
# Runs RabbitMQ without Docker: the distribution's rabbitmq-server as a private node, for as long as it is needed.
# The node has its own data, cookie, epmd and random ports. It listens only on 127.0.0.1 and leaves nothing behind.
#
#   ./broker.sh COMMAND [ARGUMENT...]   runs the command with a fresh broker, and returns the command's exit status
#   ./broker.sh                         keeps the broker running until Ctrl+C or the end of its input
#
# The command finds the broker in its environment: the worker reads ConnectionStrings__rabbitmq, and the tests read
# REWORKER_TEST_AMQP. REWORKER_TEST_RABBITMQCTL is a rabbitmqctl for this node. Without a command, the first line on
# standard output is the URI, and the second line has the path of that rabbitmqctl.
set -euo pipefail

say() { printf 'broker: %s\n' "$*" >&2; }
die() { say "$1"; exit 1; }
taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

case ${1:-} in -h | --help) sed -n '2,/^set/{s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac

# not the wrapper on PATH, which switches to the system's user and data
for bin in /usr/lib/rabbitmq/bin /opt/rabbitmq/sbin ''; do [ -x "$bin/rabbitmq-server" ] && break; done
[ -n "$bin" ] || die 'rabbitmq-server is not installed: run apt-get install rabbitmq-server, or use Docker'

dir='' keeper=''
stop_broker() {
    [ -z "$keeper" ] || { exec {leash}>&-; wait "$keeper"; }
    [ -z "$dir" ] || rm -rf "$dir"
}
trap stop_broker EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The folder's name contains the port, so creating it also reserves the port among brokers that start at the same time.
tmp=${TMPDIR:-/tmp}
[ -w "$tmp" ] || die "$tmp is not writable: set TMPDIR to a folder that is"
while [ -z "$dir" ]; do
    port=$((20000 + RANDOM % 4000 * 3)) epmd_port=$((port + 1))
    if taken "$port" || taken "$epmd_port" || taken $((port + 2)); then continue; fi
    ! mkdir -m 700 "$tmp/reworker-broker-$port" 2>/dev/null || dir=$tmp/reworker-broker-$port
done

# Kills the processes that the node started: their HOME is the folder. Returns false if there are none.
stop_children() {
    local file found=1
    for file in /proc/[0-9]*/environ; do
        if grep -qazxF "HOME=$dir" "$file" && kill -KILL "$(basename "$(dirname "$file")")"; then found=0; fi
    done
    return "$found"
}

# Runs epmd and the node, in a session of its own. Starts them when this script writes to the leash, and kills them when
# this script closes the leash, which happens however it ends, even by kill -9. Then it removes the folder.
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
        while stop_children; do sleep 0.05; done # any of them would start epmd again
        kill -KILL "$epmd"
        wait
    fi
    rm -rf "$dir"
}

mkfifo "$dir/leash"
exec {leash}<>"$dir/leash"
keep_script="$(declare -p dir epmd_port; declare -f taken stop_children keep); keep"
setsid bash -c "$keep_script" <"$dir/leash" >/dev/null 2>&1 {leash}>&- & keeper=$!

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
    RUNNING_UNDER_SYSTEMD=true # the server script then execs the node instead of waiting for it
)
cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$port
disk_free_limit.absolute = 10MB
raft.wal_max_size_bytes = 64000000
CONF
echo '[].' >"$dir/enabled_plugins"
(umask 077 && head -c 30 /dev/urandom | base64 >"$dir/.erlang.cookie")
# shellcheck disable=SC2016 # the generated script expands these
printf '#!/bin/sh\nbin=$1; shift\nexec env -i %s %s/"$bin" "$@"\n' "${settings[*]@Q}" "$bin" >"$dir/run"
printf '#!/bin/sh\nexec %s rabbitmqctl "$@"\n' "${dir@Q}/run" >"$dir/rabbitmqctl"
chmod +x "$dir/run" "$dir/rabbitmqctl"
: >"$dir/log"

say 'starting a private RabbitMQ; this takes about ten seconds'
echo go >&"$leash"
until grep -q 'startup complete' "$dir/log"; do
    if [ -e "$dir/ended" ] || [ "$SECONDS" -ge 120 ]; then
        { grep -F -m 10 '[error]' "$dir/log" || tail -n 10 "$dir/log"; } >&2
        die "RabbitMQ did not start within $SECONDS s; its log is above"
    fi
    sleep 0.1
done

uri=amqp://guest:guest@127.0.0.1:$port/
if [ $# = 0 ]; then
    say "running after $SECONDS s; Ctrl+C or the end of the input stops it"
    printf '%s\nrabbitmqctl: %s\n' "$uri" "$dir/rabbitmqctl"
    while [ ! -e "$dir/ended" ]; do
        read -rt 1 || [ $? -gt 128 ] || exit 0
    done
    tail -n 15 "$dir/log" >&2
    die 'RabbitMQ has exited; the end of its log is above'
fi

say "running after $SECONDS s at $uri"
export ConnectionStrings__rabbitmq=$uri REWORKER_TEST_AMQP=$uri REWORKER_TEST_RABBITMQCTL=$dir/rabbitmqctl
# The command runs in the background, so that a signal to this script is passed on at once, and keeps its input. bash
# makes background commands ignore Ctrl+C; env undoes that.
env --default-signal=INT,QUIT "$@" <&0 {leash}>&- & command=$!
trap '[ -t 0 ] || kill -TERM "$command"' INT # a terminal signals the command itself
trap 'kill -TERM "$command"' TERM HUP
while :; do
    status=0; wait "$command" || status=$?
    kill -0 "$command" 2>/dev/null || exit "$status"
done
