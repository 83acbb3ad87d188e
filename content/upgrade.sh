#!/usr/bin/env bash
# Brings this release of the runtime into a project that has an earlier one. `dotnet new reworker-runtime`, in the
# solution's folder, puts the release beside it, into ReWorker.next; then
#
#   bash ReWorker.next/upgrade.sh [FOLDER]           shows what you changed in the runtime, and what would be done
#   bash ReWorker.next/upgrade.sh --apply [FOLDER]   does it
#
# FOLDER is the runtime in use: src/ReWorker, unless you moved it. What you left alone is replaced. What you changed stays,
# and what the release changed in the same file is merged in; lines that both changed stand there twice, between git's
# conflict markers. How a file was when it came is told by MANIFEST, its text by git, if it was ever committed, or by the
# folder .shipped: there an upgrade puts the release's own text of what you have changed, for the upgrade that follows.
set -euo pipefail

die() { printf 'upgrade: %s\n' "$*" >&2; exit 2; }

# listed FOLDER: the files of a runtime, without what builds leave behind
listed() { (cd "$1" && find . -type f -not -path './bin/*' -not -path './obj/*' -not -path './.shipped/*' -not -name packages.lock.json -not -name .DS_Store | sed 's|^\./||' | LC_ALL=C sort); }

# hashed FOLDER: its files as MANIFEST has them
hashed() { listed "$1" >"$work/names"; (cd "$1" && tr '\n' '\0' <"$work/names" | xargs -0 git hash-object -- | paste -d ' ' - "$work/names"); }

# manifest FOLDER: without the carriage returns that git may have put there
manifest() { tr -d '\r' <"$1/MANIFEST"; }

# shipped: how the files in use were when they came
shipped() {
    if [ -f "$mine/MANIFEST" ]; then
        manifest "$mine" | sed -nE 's/^([0-9a-f]{40}) /\1 /p'
        return
    fi
    local first
    first=$(git -C "$mine" log --diff-filter=A --format=%H -- ReWorker.csproj 2>/dev/null | tail -n 1)
    [ -n "$first" ] || die "$mine has no MANIFEST and is in no git repository: nothing tells what you changed. Scaffold its release anew, commit that, put your files over it and commit them; then try again."
    git -C "$mine" ls-tree -r "$first" . | sed -E 's/^[0-9]+ blob ([0-9a-f]{40})\t/\1 /'
}

# text FILE: what it was when it came, where that is still known
text() {
    local kept=$mine/.shipped/$1
    if [ -f "$kept" ] && [ "$(cd "$mine" && git hash-object ".shipped/$1")" = "${was[$1]:-}" ]; then tr -d '\r' <"$kept"
    else git -C "$mine" cat-file blob "${was[$1]:-none}" 2>/dev/null
    fi
}

# merged FILE: mine and the release's, over what both were. 0, or how many conflicts there are, or more than 127: it can't be merged
merged() {
    local status=0 ends=''
    text "$1" >"$work/was" || : >"$work/was"
    if grep -q $'\r$' "$mine/$1"; then ends=$'\r'; fi
    tr -d '\r' <"$mine/$1" >"$work/mine"
    git merge-file -p -L yours -L shipped -L "release $version" "$work/mine" "$work/was" "$next/$1" >"$work/both" || status=$?
    if [ -n "$ends" ]; then sed "s/\$/$ends/" "$work/both" >"$work/merged"; else cp "$work/both" "$work/merged"; fi
    [ -s "$work/merged" ] || status=255
    return $status
}

decide() {
    local file
    for file in "${files[@]}"; do
        local w=${was[$file]:-} m=${is[$file]:-} n=${will[$file]:-}
        if [ "$m" = "$n" ]; then continue
        elif [ "$m" = "$w" ]; then
            if [ -z "$n" ]; then remove+=("$file"); elif [ -z "$m" ]; then add+=("$file"); else replace+=("$file"); fi
        else
            yours+=("$file")
            if [ -z "$m" ]; then [ "$n" = "$w" ] || gone+=("$file")
            elif [ -z "$n" ]; then [ -z "$w" ] || dropped+=("$file")
            elif [ "$n" != "$w" ]; then
                if merged "$file"; then merge+=("$file"); elif [ $? -gt 127 ]; then beside+=("$file"); else conflict+=("$file"); fi
            fi
        fi
    done
}

# told WHAT FILE...: a line of the list, if there is anything to tell
told() { local what=$1; shift; [ $# = 0 ] || printf '  %-11s %s\n' "$what" "$*" | fold -s -w 120 | sed '2,$s/^/              /; s/ $//'; }

show() {
    local file
    printf 'The runtime in %s is %s, this is %s.\n\n' "${mine#"$PWD/"}" "$(manifest "$mine" 2>/dev/null | sed -n '1s/.* //p' || echo 'older than its MANIFEST')" "$version"
    if [ ${#yours[@]} = 0 ]; then echo 'You changed nothing in it.'; else echo 'You changed in it:'; fi
    for file in "${yours[@]}"; do
        if [ -z "${is[$file]:-}" ]; then printf '  %s: taken out\n' "$file"
        elif [ -z "${was[$file]:-}" ]; then printf '  %s: your own\n' "$file"
        elif text "$file" >"$work/was"; then git --no-pager diff --no-index --no-color --ignore-cr-at-eol -- "$work/was" "$mine/$file" | sed '1,/^+++/d; s/^/  | /' | sed "1s|^|  $file\n|" || true
        else printf '  %s: changed; git does not know how it was\n' "$file"
        fi
    done
    printf '\nThe release:\n'
    told replaces "${replace[@]}"
    told adds "${add[@]}"
    told removes "${remove[@]}"
    told 'merges into' "${merge[@]}"
    told 'conflicts in' "${conflict[@]}"
    told "can't be merged, each comes as FILE.release beside yours:" "${beside[@]}"
    told 'no longer has, you changed, stay:' "${dropped[@]}"
    told 'changed, you took out, stay out:' "${gone[@]}"
    told 'packages:' "${packages[@]}"
    [ $((${#replace[@]} + ${#add[@]} + ${#remove[@]} + ${#merge[@]} + ${#conflict[@]} + ${#beside[@]})) -gt 0 ] || echo '  changes nothing'
}

# What the release needs of Directory.Packages.props: lines that are missing or name an older version.
wanted() {
    local name need have
    while read -r name need; do
        have=$(sed -nE "s|.*<PackageVersion Include=\"$name\" Version=\"([^\"]+)\".*|\1|p" "$props" | head -n 1)
        # for sort, what follows a tilde comes before all else, as a prerelease does before its release
        [ "$(printf '%s\n%s\n' "${need/-/\~}" "${have/-/\~}" | sort -V | tail -n 1)" = "${have/-/\~}" ] || packages+=("$name $have->$need")
    done < <(sed -n 's/^package //p' "$next/MANIFEST")
}

raise() {
    local one name need
    for one in "${packages[@]}"; do
        name=${one%% *} need=${one##*>}
        if grep -q "<PackageVersion Include=\"$name\"" "$props"; then
            sed -i.bak -E "s|(<PackageVersion Include=\"$name\" Version=\")[^\"]+|\1$need|" "$props"
        else
            sed -i.bak -E "s|^</Project>|  <ItemGroup>\n    <PackageVersion Include=\"$name\" Version=\"$need\" />\n  </ItemGroup>\n</Project>|" "$props"
        fi
        rm -f "$props.bak"
    done
}

apply() {
    local file
    if [ "$(git -C "$mine" rev-parse --is-inside-work-tree 2>/dev/null)" = true ]; then
        for file in "$mine" "$props"; do
            [ ! -e "$file" ] || [ -z "$(cd "$(dirname "$file")" && git status --porcelain -- "$(basename "$file")")" ] || die "$file has changes that are not committed. Commit them, so that git diff shows what this does, and git restore undoes it."
        done
    else
        local before=$root/ReWorker.before number=1
        while [ -e "$before" ]; do before=$root/ReWorker.before.$((++number)); done
        cp -R "$mine" "$before"
        [ ! -f "$props" ] || cp "$props" "$before/"
        echo "No git repository here: the runtime as it was is kept in $before."
    fi
    for file in "${replace[@]}" "${add[@]}"; do mkdir -p "$(dirname "$mine/$file")" && cp "$next/$file" "$mine/$file"; done
    for file in "${remove[@]}"; do rm "$mine/$file"; done
    for file in "${merge[@]}" "${conflict[@]}"; do merged "$file" || true; cp "$work/merged" "$mine/$file"; done
    for file in "${beside[@]}"; do cp "$next/$file" "$mine/$file.release"; done
    rm -rf "$mine/.shipped"
    for file in "${yours[@]}"; do
        [ -z "${will[$file]:-}" ] || [ -z "${is[$file]:-}" ] || { mkdir -p "$(dirname "$mine/.shipped/$file")" && cp "$next/$file" "$mine/.shipped/$file"; }
    done
    cp "$next/MANIFEST" "$mine/MANIFEST"
    raise
    find "$mine" -type d -empty -delete
    rm -rf "$next"
    printf '\nDone. Next: git diff, dotnet restore, dotnet test.\n'
    [ ${#conflict[@]} = 0 ] || echo "Resolve what stands between conflict markers in: ${conflict[*]}"
    [ ${#beside[@]} = 0 ] || echo "git takes these for no text and has left them as they were; put into them by hand what FILE.release has anew: ${beside[*]}"
    [ $((${#conflict[@]} + ${#beside[@]})) = 0 ]
}

main() {
    local doing=show
    [ "${1:-}" != --apply ] || { doing=apply; shift; }
    next=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
    root=$(dirname "$next")
    mine=${1:-$root/src/ReWorker} props=$root/Directory.Packages.props
    command -v git >/dev/null || die 'needs git, to compare and to merge'
    [ -f "$mine/ReWorker.csproj" ] || die "no runtime in $mine. Run dotnet new reworker-runtime in the solution's folder, or say where the runtime is."
    mine=$(cd "$mine" && pwd -P)
    # the release's folder is removed at the end: it must not be one that somebody uses
    [ "$(basename "$next")" = ReWorker.next ] || die 'this is a runtime in use; dotnet new reworker-runtime brings the next release, in ReWorker.next'
    version=$(manifest "$next" | sed -n '1s/.* //p')
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    declare -gA was=() is=() will=()
    declare -ga files=() replace=() add=() remove=() yours=() merge=() conflict=() beside=() dropped=() gone=() packages=()
    local hash file
    shipped >"$work/shipped"
    while read -r hash file; do was[$file]=$hash; done <"$work/shipped"
    hashed "$mine" >"$work/is"
    while read -r hash file; do is[$file]=$hash; done <"$work/is"
    hashed "$next" >"$work/will"
    while read -r hash file; do will[$file]=$hash; done <"$work/will"
    for file in MANIFEST; do unset "was[$file]" "is[$file]" "will[$file]"; done
    mapfile -t files < <(printf '%s\n' "${!was[@]}" "${!is[@]}" "${!will[@]}" | LC_ALL=C sort -u)
    if [ -f "$props" ]; then wanted; fi
    decide
    show
    if [ $doing = apply ]; then apply; else printf '\nNothing was changed. bash %s --apply does it.\n' "${BASH_SOURCE[0]}"; fi
}

main "$@"
exit
