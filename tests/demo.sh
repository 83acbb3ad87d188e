# The demo, sourced by build.sh for its functions: a job runs through a fresh project, started as a user would.
# shellcheck shell=bash
set -euo pipefail
repository=$PWD

start_with_docker() {
    # These names and ports collide with nothing that runs here.
    export COMPOSE_PROJECT_NAME=reworker-demo-$$ STEP_IMAGE=reworker-demo-$$ RABBITMQ_PORT=0 RABBITMQ_MANAGEMENT_PORT=0
    # shellcheck disable=SC2034 # build.sh runs it when it cleans up
    undo=(remove_containers)
    step 'docker compose up -d: the image, a broker, the step and the output worker' \
        docker compose up -d --build --wait
    mystep=(docker compose --progress quiet run --rm -T mystep)
    logs=(docker compose logs --no-color --tail 30 mystep output)
    copy_output=(docker compose cp output:/output/. "$TMPDIR/output")
}
remove_containers() { docker compose down --volumes --remove-orphans; docker image rm "$STEP_IMAGE"; }

start_without_docker() {
    need_broker
    step 'dotnet build' dotnet build
    mystep=(dotnet run --no-build --project src/MyStep --)
    logs=(tail -n 30 "$TMPDIR/step.log" "$TMPDIR/output.log")
    copy_output=(true) # it is written there

    echo 'Starting a private RabbitMQ, the step and the output worker'
    # broker.sh ends with its input, and so with this script, even if the script is killed.
    set -m
    coproc ./broker.sh 2>"$TMPDIR/broker.log"
    set +m
    read -r ConnectionStrings__rabbitmq <&"${COPROC[0]}" || { cat "$TMPDIR/broker.log" >&2; exit 1; }
    export ConnectionStrings__rabbitmq OutputWorker__Directory=$TMPDIR/output ASPNETCORE_URLS=http://127.0.0.1:0
    start "${mystep[@]}" >"$TMPDIR/step.log" 2>&1
    ASPNETCORE_URLS=http://127.0.0.1:$(free_port)
    start "${mystep[@]}" output >"$TMPDIR/output.log" 2>&1
    # The output worker must have its queue before a job says something; the step is awaited by submit.
    wait_until "${mystep[@]}" health || { "${logs[@]}" >&2; exit 1; }
}

# A port below the range from which the kernel takes those of outgoing connections
free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)); (: <"/dev/tcp/127.0.0.1/$port"); do :; done 2>/dev/null
    echo "$port"
}

wait_until() {
    for _ in {1..60}; do
        ! "$@" >"$TMPDIR/log" 2>&1 || return 0
        sleep 0.5
    done
    return 1
}

is_saved() { "${copy_output[@]}" && grep -rq 'Done in' "$TMPDIR/output"; }

scaffold
cd "$TMPDIR/MyStep"
if docker_answers; then start_with_docker; else start_without_docker; fi

submit=("${mystep[@]}" submit --parameter service=frobd --host a.example.com --dynamic environment=dev)
typed=${submit[*]} # as a user types it
typed=${typed/ --progress quiet/}
printf '\n$ %s\n' "${typed/--host/\\$'\n'    --host}"
run "${submit[@]}" || { echo 'The job did not complete.'; "${logs[@]}"; exit 1; } >&2
wait_until is_saved || { echo 'The output worker saved nothing.'; "${logs[@]}"; exit 1; } >&2
printf '\nThe output worker saved it as %s:\n' "$(cd "$TMPDIR/output" && echo *.log)"
sed 's/^/  /' "$TMPDIR"/output/*.log


printf '\nCleaning up ...\n'
clean_up
trap - EXIT
printf '\nCompleted: from nothing to a finished job in %d s. Nothing of it stays.\n' "$SECONDS"
printf 'To go on with a project of your own, whose README.md says how to start it:\n\n'
printf '  %s\n' "dotnet new install $repository" 'dotnet new reworker -n MyStep && cd MyStep'
