#!/usr/bin/env bash
# Packs, tests and shows this repository on a bare machine with the .NET 10 SDK. CI runs the same commands.
#
#   ./build.sh demo               from nothing to a finished job: packs the templates, installs them privately,
#                                 scaffolds MyStep, starts it with a broker, submits a job and shows the output
#   ./build.sh test [--short]     all tests: the pack's, the runtime's, a scaffolded project's, and the quick rows of
#                                 the fault matrix; --short: of the pack only what the README says, and three rows
#   ./build.sh faults [--help]    what goes wrong on purpose, and what the worker does: docs/faults.md
#   ./build.sh mutants [--help]   small defects in the runtime, each of which a test should find: docs/mutants.md
#   ./build.sh soak [MINUTES]     30 minutes of jobs and random faults; --picture FILE draws memory and threads
#   ./build.sh bench [--help]     the worker against hand-tuned code and two frameworks: docs/performance.md
#   ./build.sh figures            image size, memory and start time of a step, ordinary and --aot: docs/aot.md
#   ./build.sh pack               artifacts/ReWorker.Templates.<version>.nupkg
#   ./build.sh approve            rewrites what the tests compare with: the approved scaffolds, content/MANIFEST
#
# The broker is a container if a Docker engine answers, else a private rabbitmq-server. On Debian and Ubuntu, root
# gets the missing packages installed. --no-docker or REWORKER_DOCKER=0 ignores the engine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false # no build server outlives the command

die() { echo "build.sh: $*" >&2; exit 1; }

# All temporary files are in one folder, those of the commands included.
export TMPDIR; TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/reworker.XXXXXX")
undo=() # a command that clean_up runs

clean_up() {
    set +e
    trap '' INT TERM HUP
    local job
    for job in $(jobs -p); do kill -TERM -- "-$job"; done 2>/dev/null
    wait
    "${undo[@]}" >/dev/null 2>&1
    rm -rf "$TMPDIR"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# start COMMAND...: in the background, in a process group of its own, which clean_up ends as a whole
start() { set -m; "$@" </dev/null & set +m; }
run() { start "$@"; wait "$!"; }

# step WHAT COMMAND...: counts the seconds; shows what the command printed only if it fails
step() {
    local what=$1 began=$SECONDS status=0; shift
    printf '%s ...' "$what"
    start "$@" >"$TMPDIR/log" 2>&1
    while sleep 0.2; kill -0 "$!" 2>/dev/null; do
        [ ! -t 1 ] || printf '\r%s ... %d s' "$what" $((SECONDS - began))
    done
    wait "$!" || status=$?
    if [ -t 1 ]; then echo; else printf ' %d s\n' $((SECONDS - began)); fi
    [ "$status" = 0 ] || { tail -n 200 "$TMPDIR/log"; echo "Failed (exit status $status): $what"; } >&2
    return "$status"
}

docker_answers() {
    [ "${REWORKER_DOCKER:-1}" != 0 ] && timeout 60 docker info && docker compose version
} >/dev/null 2>&1

# need PACKAGE COMMAND...: installs the distribution's package unless the command succeeds
need() {
    ! "${@:2}" 2>/dev/null || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then die "install the package $1: apt-get install $1"; fi
    step "Installing $1" install_package "$1"
}
install_package() (
    # Debian starts what it installs: keep it from starting a system-wide broker, now and at the next boot.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { trap 'rm -f "$policy"' EXIT; printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; }
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$1" || exit
    systemctl disable "$1" || true
)
need_broker() { docker_answers || need rabbitmq-server test -x /usr/lib/rabbitmq/bin/rabbitmq-server; }

pack() { dotnet pack ReWorker.Templates.csproj -c Release -o "$1" -nologo; }

# scaffold: the project MyStep in $TMPDIR, from the package
scaffold() {
    local hive=(--debug:custom-hive "$TMPDIR/hive")
    step 'Packing the templates' pack "$TMPDIR"
    step 'Installing them privately' dotnet new install "$TMPDIR"/*.nupkg "${hive[@]}"
    step 'dotnet new reworker -n MyStep' dotnet new reworker -n MyStep -o "$TMPDIR/MyStep" "${hive[@]}"
}

# count WHAT COMMAND...: adds the results of a test run to the total, and goes on if it failed
count() {
    local status=0 p f s
    step "$@" || status=$?
    read -r p f s < <(awk '/^ *succeeded:/ {p = $2} /^ *failed:/ {f = $2} /^ *skipped:/ {s = $2}
        END {print p + 0, f + 0, s + 0}' "$TMPDIR/log")
    [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1 # it did not get as far as its tests
    echo "  $p passed, $f failed, $s skipped"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

run_tests() {
    local is_short=${1:-} passed=0 failed=0 skipped=0 project filter rows=() broker=4.3
    need python3-pika /usr/bin/python3 -c 'import pika' # for the tests with a requester that is not ours
    need_broker
    docker_answers || broker=3.10
    [ -z "$is_short" ] || rows=(tcp-reset worker-killed never-twice)
    export TESTCONTAINERS_RYUK_DISABLED=true # the tests remove their containers themselves
    for project in template/tests/*/*.Tests.csproj tests/*/*.Tests.csproj; do
        filter=()
        [[ -z $is_short || $project != *Templates.Tests* ]] || filter=(--filter-class '*.ReadmeTests')
        count "Testing $(basename "$project" .csproj)" dotnet test --project "$project" "${filter[@]}"
    done
    count 'Running the fault matrix' dotnet run --project tests/ReWorker.Faults -- "${rows[@]}" --quick --broker $broker
    scaffold
    cd "$TMPDIR/MyStep"
    count 'Testing a scaffolded project' dotnet test
    printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
    [ "$failed" = 0 ]
}

# program NAME CONFIGURATION ARGUMENT...: runs a program of tests/
program() {
    [[ " $* " =~ \ (soak|figures|--help|--list)\  ]] || need_broker
    run dotnet run --project "tests/$1" -c "$2" -v q -- "${@:3}"
}

for argument; do
    shift
    if [ "$argument" = --no-docker ]; then export REWORKER_DOCKER=0; else set -- "$@" "$argument"; fi
done
command -v dotnet >/dev/null || die 'the .NET 10 SDK is missing: https://dotnet.microsoft.com/download'

case $* in
    demo) source tests/demo.sh ;;
    test | 'test --short') run_tests "${2:-}" ;;
    faults | 'faults '*) program ReWorker.Faults Debug "${@:2}" ;;
    mutants | 'mutants '*) program ReWorker.Mutants Debug "${@:2}" ;;
    soak | 'soak '*) program ReWorker.Faults Debug "$@" ;;
    bench | 'bench '*) program ReWorker.Bench Release "${@:2}" ;;
    figures) program ReWorker.Bench Release figures ;;
    pack) run pack artifacts ;;
    approve)
        REWORKER_APPROVE=1 run dotnet test --project tests/ReWorker.Templates.Tests \
            --filter-class '*.ManifestTests' --filter-class '*.ApprovedTests'
        ;;
    '' | help | -h | --help) sed -n '2,/^set/{s/^# \{0,1\}//p}' build.sh ;;
    *) die "unknown command: $* (./build.sh help lists the commands)" ;;
esac
