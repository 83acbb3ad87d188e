#!/usr/bin/env bash
# One command for everything this repository does; CI calls the same.
#
#   ./build.sh demo   from nothing to a finished job: packs, installs into a hive of its own, scaffolds MyStep,
#                     starts it with a broker, submits a job, shows what it said, and clears everything away
#   ./build.sh test   all tests: the pack's, the runtime's, and a scaffolded project's own (--short: of the pack's only
#                     what the README says, and of the fault matrix three rows)
#   ./build.sh faults [NAME...] [--quick] [--broker 4.3|4.0|3.10|all] [--without-remedy] [--native] [--repeat N] [--at-once N] [--page FILE]
#                     what goes wrong on purpose, and what the worker does: rows whose names contain NAME. Results are kept
#                     in artifacts/faults.jsonl; --page writes all that is there as a page
#   ./build.sh soak [MINUTES] [--picture FILE]
#                     30 minutes of jobs and random faults; draws memory, threads and handles
#   ./build.sh bench [--quick] [--rounds N] [--seconds S] [--only NAME,...] [--record FILE] [--page FILE]
#                     the worker against hand-tuned code and two frameworks: a table; the full form writes docs/performance.md
#   ./build.sh bench scale [--quick] [--only NAME,...] [--page FILE]
#                     a million jobs, large bodies, replicas, very much output, a slow requester, sleepers: docs/scale.md
#   ./build.sh pack   artifacts/ReWorker.Templates.<version>.nupkg
#   ./build.sh figures
#                     image, memory and start of a step, compiled natively (--aot) and not; needs Docker
#   ./build.sh approve
#                     writes anew what the tests compare with: the texts of what is scaffolded, and content/MANIFEST
#   ./build.sh help   this
#
# The broker is a container where a Docker engine answers, else a private rabbitmq-server.
# --no-docker (or REWORKER_DOCKER=0) passes the engine over.
# shellcheck disable=SC2016 # what is to be undone later is expanded later
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
repository=$PWD

# Nothing that outlives the command: no build servers.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

say() { printf '%s\n' "$*"; }
die() { printf 'build: %s\n' "$*" >&2; exit 1; }

# ---- what is running, and its end ----------------------------------------------------------------------------------

work='' job='' undo=()

clear_away() {
    trap '' INT TERM HUP
    [ -z "$job" ] || { kill -TERM -- "-$job" && wait "$job"; job=''; } 2>/dev/null || true
    [ ${#undo[@]} = 0 ] || say 'Clearing away ...'
    local i
    for ((i = ${#undo[@]} - 1; i >= 0; i--)); do eval "${undo[i]}" >/dev/null 2>&1 || true; done
    undo=()
    cd "$repository"
    [ -z "$work" ] || rm -rf "$work"
}
trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# start COMMAND...: in the background, in a process group of its own, so that it can be ended with all its children
start() { set -m; "$@" & job=$!; set +m; }

# finish: waits for it, with its exit status
finish() { local status=0; wait "$job" || status=$?; job=''; return "$status"; }

# step WHAT COMMAND...: keeps the command quiet, shows that it lives, and what it said if it fails
step() {
    local what=$1 began=$SECONDS shown=0 status=0; shift
    if [ -t 1 ]; then printf '%s ...' "$what"; else say "$what ..."; fi
    start "$@" </dev/null >"$work/log" 2>&1
    while kill -0 "$job" 2>/dev/null; do
        sleep 0.2
        if [ -t 1 ]; then
            printf '\r%s ... %d s' "$what" $((SECONDS - began))
        elif [ $((SECONDS - began - shown)) -ge 20 ]; then
            shown=$((SECONDS - began))
            say "  ... $shown s"
        fi
    done
    finish || status=$?
    if [ -t 1 ]; then printf '\r%s ... %d s\n' "$what" $((SECONDS - began)); else say "  $((SECONDS - began)) s"; fi
    [ "$status" = 0 ] || { tail -n 200 "$work/log" >&2; say "Failed (exit status $status): $what" >&2; }
    return "$status"
}

workplace() {
    command -v dotnet >/dev/null || die 'the .NET 10 SDK is missing: https://dotnet.microsoft.com/download'
    work=$(mktemp -d "${TMPDIR:-/tmp}/reworker.XXXXXX")
    mkdir "$work/tmp"
    export TMPDIR=$work/tmp # what the tools leave there goes too
}

# ---- the broker ----------------------------------------------------------------------------------------------------

engine() {
    [ "${REWORKER_DOCKER:-1}" != 0 ] && timeout 60 docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
install_package() { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$1"; }

install_rabbitmq() {
    install_package rabbitmq-server || return
    ! command -v systemctl >/dev/null || systemctl disable rabbitmq-server || true
}

ensure_rabbitmq() {
    [ ! -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || return 0
    can_install || die 'needs a Docker engine, or the package rabbitmq-server: sudo apt-get install rabbitmq-server'
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then # the package is not to start a node of its own: ours is private
        undo+=("rm -f $policy")
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    fi
    step "No Docker engine: installing the distribution's rabbitmq-server" install_rabbitmq
}

# The contract is tested by a requester that is not our own: Python's pika.
ensure_pika() {
    ! /usr/bin/python3 -c 'import pika' 2>/dev/null || return 0
    can_install || die 'the tests of the contract need pika: sudo apt-get install python3-pika'
    step "Installing the distribution's python3-pika, for the tests of the contract" install_package python3-pika
}

# start_broker: sets amqp and rabbitmqctl. The broker ends with this script, however it ends: its input closes then.
start_broker() {
    ensure_rabbitmq
    mkfifo "$work/leash"
    exec {leash}<>"$work/leash"
    bash broker.sh <"$work/leash" >"$work/broker" 2>"$work/broker.err" {leash}>&- &
    broker=$!
    undo+=('kill -TERM "$broker"; wait "$broker"')
    step 'Starting a private RabbitMQ' wait_for_broker || { cat "$work/broker.err" >&2; return 1; }
    amqp=$(sed -n 1p "$work/broker") rabbitmqctl=$(sed -n 's/^rabbitmqctl: //p' "$work/broker")
}
wait_for_broker() {
    until grep -q '^rabbitmqctl: ' "$work/broker"; do kill -0 "$broker" || return; sleep 0.2; done
}

# ---- pack and scaffold ---------------------------------------------------------------------------------------------

pack() { dotnet pack ReWorker.Templates.csproj -c Release -o "$1" -nologo; }

# scaffold: the project MyStep at $project, from the package
scaffold() {
    project=$work/MyStep
    step 'Packing the templates' pack "$work/package"
    step 'Installing them into a hive of their own' dotnet new install "$work"/package/*.nupkg --debug:custom-hive "$work/hive"
    step 'dotnet new reworker -n MyStep' dotnet new reworker -n MyStep -o "$project" --debug:custom-hive "$work/hive"
}

# ---- demo ----------------------------------------------------------------------------------------------------------

demo() {
    workplace
    if engine; then by=docker; else by=processes; fi
    scaffold
    cat >"$project/job.json" <<'JOB'
{
  "group": "megafrobber",
  "parameters": {
    "command": "mystep", "subcommand": "Restart", "service": "frobd", "seconds": 0.5,
    "hosts": ["a.example.com", "b.example.com", "c.example.com"]
  },
  "dynamic": { "environment": "dev" }
}
JOB
    "demo_with_$by"
    clear_away
    say
    say "Completed: from nothing to a finished job in $SECONDS s. Nothing of it stays. To go on with a project of your own:"
    say
    say "  dotnet new install $repository"
    say '  dotnet new reworker -n MyStep && cd MyStep'
    if [ "$by" = docker ]; then
        say '  docker compose up -d'
        say '  docker compose run --rm mystep submit --parameter service=frobd --host a.example.com --dynamic environment=dev'
    else
        say '  dotnet build'
        say '  ./broker.sh bash     # a private RabbitMQ, for as long as that shell lives'
        say '  dotnet run --no-build --project src/MyStep &'
        say '  dotnet run --no-build --project src/MyStep -- submit --parameter service=frobd --host a.example.com --dynamic environment=dev'
        say '  kill %1; wait; exit'
    fi
}

# submit COMMAND...: what the person came for, so its output is shown as it comes
submit() {
    local status=0 line="$* <job.json"
    say
    say "\$ ${line/ --progress quiet/}"
    start "$@" <"$project/job.json"
    finish || status=$?
    [ "$status" = 0 ] || { say "The job did not complete (exit status $status)."; "logs_with_$by"; } >&2
    return "$status"
}

# saved COMMAND...: the log file that the output worker wrote, once it has stopped growing
saved() {
    local size=0 last=-1 tries=0
    until [ "$size" -gt 0 ] && [ "$size" = "$last" ]; do
        [ $((++tries)) -le 40 ] || { say 'The output worker saved nothing.' >&2; "logs_with_$by" >&2; return 1; }
        sleep 0.5
        "$@" >/dev/null 2>&1 || true
        last=$size size=$({ cat "$work"/saved/*.log || true; } 2>/dev/null | wc -c)
    done
    say
    say "The output worker saved it as $(cd "$work/saved" && echo *.log):"
    sed 's/^/  /' "$work"/saved/*.log
    say
}

demo_with_docker() {
    cd "$project"
    # names and ports that collide with nothing that runs here
    export COMPOSE_PROJECT_NAME=reworker-demo-$$ STEP_IMAGE=reworker-demo-$$ RABBITMQ_PORT=0 RABBITMQ_MANAGEMENT_PORT=0
    undo+=('docker image rm "$STEP_IMAGE"' 'docker compose down --volumes --remove-orphans')
    step 'docker compose up -d: the image, a broker, the step and the output worker' docker compose up -d --build
    submit docker compose --progress quiet run --rm -T mystep submit --job -
    saved docker compose cp output:/output "$work/saved"
}
logs_with_docker() { docker compose logs --no-color --tail 30 mystep output; }

demo_with_processes() {
    start_broker
    cd "$project"
    step 'dotnet publish src/MyStep' dotnet publish src/MyStep -o "$work/app"
    cd "$work/app"
    export ConnectionStrings__rabbitmq=$amqp OutputWorker__Directory=$work/saved
    serve step ./MyStep
    serve output ./MyStep output
    submit ./MyStep submit --job -
    saved true
}
logs_with_processes() { tail -n 30 "$work"/step.log "$work"/output.log; }

# serve NAME COMMAND...: runs beside this script, on a port of its own, and is there when this returns
serve() {
    local name=$1 url; shift
    url=http://127.0.0.1:$(free_port)
    ASPNETCORE_URLS=$url "$@" </dev/null >"$work/$name.log" 2>&1 &
    local served=$!
    undo+=("kill -TERM $served; wait $served")
    step "Starting $*" until_ready "$served" "$url" || { tail -n 30 "$work/$name.log" >&2; return 1; }
}
until_ready() {
    local tries=0
    until ASPNETCORE_URLS=$2 ./MyStep health >/dev/null 2>&1; do { kill -0 "$1" && [ $((++tries)) -lt 60 ]; } || return; sleep 0.3; done
}
free_port() {
    local port
    while port=$((32000 + RANDOM % 700)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

# ---- test ----------------------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0

# tests WHAT COMMAND...: a test run, its results added to the total; goes on when it fails
tests() {
    local status=0 p f s
    step "$@" || status=$?
    read -r p f s < <(awk '/^ *succeeded:/ {p = $2} /^ *failed:/ {f = $2} /^ *skipped:/ {s = $2} END {print p + 0, f + 0, s + 0}' "$work/log")
    [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1 # it did not get as far as its tests
    say "  $p passed, $f failed, $s skipped"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

projects() { grep -l 'xunit\.v3' template/tests/*/*.csproj tests/*/*.csproj; }

all_tests() {
    workplace
    local p only
    ensure_pika
    # the tests clear away after themselves: no image is needed for that
    if engine; then export TESTCONTAINERS_RYUK_DISABLED=${TESTCONTAINERS_RYUK_DISABLED:-true}; else export REWORKER_DOCKER=0; start_broker; fi
    for p in $(projects); do
        [ "$p" != "$matrix/ReWorker.Faults.csproj" ] || continue # a command, with brokers of its own
        only=()
        [ "$short" = 0 ] || [[ $p != *Templates.Tests* ]] || only=(--filter-class '*.ReadmeTests')
        step "Building $(basename "$p" .csproj)" dotnet build "$p" -nologo -v q || { failed=$((failed + 1)); continue; }
        REWORKER_TEST_AMQP=${amqp:-} REWORKER_TEST_RABBITMQCTL=${rabbitmqctl:-} tests "Testing $(basename "$p" .csproj)" dotnet test --project "$p" --no-build "${only[@]}"
    done
    only=() p='The quick rows of the fault matrix'
    [ "$short" = 0 ] || only=(tcp-reset worker-killed never-twice) p="${only[*]} of the fault matrix"
    step 'Building the fault matrix' dotnet build "$matrix" -nologo -v q
    tests "$p" dotnet run --project "$matrix" --no-build -- "${only[@]}" --quick --broker "$([ -n "${amqp:-}" ] && echo 3.10 || echo 4.3)"
    scaffold || { failed=$((failed + 1)); return; }
    cd "$project"
    # with a broker that they find for themselves
    REWORKER_TEST_AMQP='' tests "Building and testing a scaffolded project" dotnet test
}

# ---- figures -------------------------------------------------------------------------------------------------------

figures() {
    workplace
    engine || die 'the figures need a Docker engine'
    step 'Packing the templates' pack "$work/package"
    step 'Installing them into a hive of their own' dotnet new install "$work"/package/*.nupkg --debug:custom-hive "$work/hive"
    local kind row=()
    for kind in ordinary aot; do
        # shellcheck disable=SC2046 # an option or none
        step "dotnet new reworker, $kind" dotnet new reworker -n MyStep -o "$work/$kind" --no-restore $([ $kind = ordinary ] || echo --aot) --debug:custom-hive "$work/hive"
        cd "$work/$kind"
        export COMPOSE_PROJECT_NAME=reworker-$kind-$$ STEP_IMAGE=reworker-$kind-$$ RABBITMQ_PORT=0 RABBITMQ_MANAGEMENT_PORT=0
        undo+=("docker image rm reworker-$kind-$$" "COMPOSE_PROJECT_NAME=reworker-$kind-$$ docker compose -f $work/$kind/docker-compose.yml down --volumes --remove-orphans")
        step 'Building the image, starting it with a broker' docker compose up -d --build --wait mystep
        sleep 20
        row+=("| $kind | $(megabytes) | $(resident) | $(starts 7) |")
        step 'Stopping it' docker compose down --volumes
        cd "$repository"
    done
    clear_away
    say
    say '| | image | resident, idle | from the process to its first completed job: median of 7 (least, most) |'
    say '| --- | --- | --- | --- |'
    printf '%s\n' "${row[@]}"
}

container() { docker compose ps --all --quiet mystep; }
megabytes() { docker image inspect -f '{{.Size}}' "$STEP_IMAGE" | awk '{printf "%.1f MB", $1 / 1e6}'; }
resident() { # of the child of the container's init
    local init; init=$(docker inspect -f '{{.State.Pid}}' "$(container)")
    awk '/^VmRSS/ {printf "%.1f MB", $2 / 1e3}' "/proc/$(pgrep -P "$init")/status"
}

# starts N: a job waits in the queue, the worker starts: the time between its process and the job's last reply
starts() {
    local i began ended times=()
    for ((i = 0; i < $1; i++)); do
        docker compose stop mystep >/dev/null 2>&1
        docker compose --progress quiet run --rm -T --no-deps mystep submit --host a.example.com --dynamic environment=dev --timeout 60s --json </dev/null 2>/dev/null |
            while read -r line; do if [[ $line = *completed* ]]; then date +%s%N >"$work/ended"; fi; done &
        sleep 4
        docker compose start mystep >/dev/null 2>&1
        wait $!
        began=$(date -d "$(docker inspect -f '{{.State.StartedAt}}' "$(container)")" +%s%N) ended=$(cat "$work/ended")
        times+=("$(((ended - began) / 1000000))")
    done
    printf '%s\n' "${times[@]}" | sort -n | awk '{t[NR] = $1} END {printf "%d ms (%d, %d)", t[int((NR + 1) / 2)], t[1], t[NR]}'
}

# ---- approve -------------------------------------------------------------------------------------------------------

approve() {
    REWORKER_APPROVE=1 dotnet test --project tests/ReWorker.Templates.Tests --filter-class '*.ManifestTests' --filter-class '*.ApprovedTests'
    git status --short -- content/MANIFEST tests/ReWorker.Templates.Tests/Approved
}

# ---- faults --------------------------------------------------------------------------------------------------------

matrix=tests/ReWorker.Faults

faults() {
    workplace
    local argument arguments=()
    for argument; do
        [ "$argument" = --native ] || { arguments+=("$argument"); continue; }
        step 'Publishing its worker, native' publish_native "$matrix.Native" "$work/native"
        arguments+=(--worker "$work/native/ReWorker.Faults")
    done
    case " $* " in
        *' soak '* | *' --list '*) ;;
        *) engine || ensure_rabbitmq ;;
    esac
    step 'Building the fault matrix' dotnet build "$matrix" -nologo -v q
    dotnet run --project "$matrix" --no-build -- "${arguments[@]}"
}

# ---- bench ---------------------------------------------------------------------------------------------------------

# publish_native PROJECT OUT: compiled ahead of time, with the C compiler that is here
publish_native() {
    local linker=clang
    command -v clang >/dev/null || linker=gcc
    dotnet publish "$1" -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/')" -o "$2" -nologo -v q \
        -p:PublishAot=true -p:StripSymbols=true -p:CppCompilerAndLinker="$linker"
}

# image_size NAME EDIT: builds the step's image from this repository's sources by its Dockerfile, edited, and notes how many bytes it has
image_size() {
    undo+=("docker image rm reworker-bench-$$-$1")
    sed "$2" Dockerfile >"$work/Dockerfile.$1"
    step "Building the image ($1)" docker build --quiet -t "reworker-bench-$$-$1" -f "$work/Dockerfile.$1" --build-arg STEP=template/src/My.Step-1 --build-arg RUNTIME=content .
    images+=,$1=$(docker image inspect -f '{{.Size}}' "reworker-bench-$$-$1")
}

bench() {
    workplace
    local program=tests/ReWorker.Bench sample=tests/ReWorker.Bench.Step arguments=("$@") page=docs/performance.md images='' quick=0 own=0 argument
    for argument; do
        case $argument in
            --quick) quick=1 ;;
            --page | --only) own=1 ;;
            scale) page=docs/scale.md ;;
        esac
    done
    engine || ensure_rabbitmq
    step 'Publishing the bench' dotnet publish "$program" -c Release -o "$work/bench" -nologo -v q
    step 'Publishing the worker, as its image has it' dotnet publish "$sample" -c Release -o "$work/step" -nologo -v q \
        --use-current-runtime --self-contained false -p:PublishReadyToRun=true
    arguments+=(--step "$work/step/ReWorker.Bench.Step")
    if [ "$quick" = 0 ]; then
        [ "$own" = 1 ] || arguments+=(--page "$page")
        if [ "$page" = docs/performance.md ]; then
            if [ "$(uname -s)" = Linux ] && { command -v clang || command -v gcc; } >/dev/null; then
                step 'Publishing the worker, native' publish_native "$sample" "$work/native"
                arguments+=(--step-aot "$work/native/ReWorker.Bench.Step")
            else
                say 'No C compiler: the native worker is left out.'
            fi
            if engine; then
                image_size jit ''
                # as `dotnet new reworker --aot` has it
                image_size aot 's/sdk:10.0/&-noble-aot/; s/aspnet:/runtime-deps:/; s/--use-current-runtime/& -p:aot=True/'
                arguments+=(--images "${images#,}")
            fi
        fi
    fi
    start "$work/bench/ReWorker.Bench" "${arguments[@]}"
    finish
}

# --------------------------------------------------------------------------------------------------------------------

case ${1:-} in # their own arguments follow
    faults | soak)
        if [ "$1" = faults ]; then shift; fi
        faults "$@"
        exit
        ;;
    bench)
        bench "${@:2}"
        exit
        ;;
esac

command='' short=0
for argument; do
    case $argument in
        --short) short=1 ;;
        --no-docker) export REWORKER_DOCKER=0 ;;
        demo | test | pack | figures | approve | help) [ -z "$command" ] || die "one command at a time: $command or $argument"; command=$argument ;;
        -h | --help) command=help ;;
        *) die "unknown: $argument (./build.sh help lists what there is)" ;;
    esac
done
case ${command:-help} in
    demo) demo ;;
    test)
        all_tests
        clear_away # the total is the last line
        say
        say "$passed passed, $failed failed$([ "$skipped" = 0 ] || printf ', %d skipped' "$skipped")"
        [ "$failed" = 0 ]
        ;;
    pack) pack artifacts ;;
    figures) figures ;;
    approve) approve ;;
    help) sed -n '2,/^# shellcheck/{/shellcheck/d;s/^# \{0,1\}//p}' "$repository/build.sh" ;;
esac
