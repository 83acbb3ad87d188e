#!/usr/bin/env bash
# Merges this release of the runtime into a project that uses an earlier one. `dotnet new reworker-runtime`, run in the
# solution's folder, puts the release into ReWorker.next. Then:
#
#   bash ReWorker.next/upgrade.sh [FOLDER]           shows what you changed in the runtime, and what would be done
#   bash ReWorker.next/upgrade.sh --apply [FOLDER]   does it
#
# FOLDER is the runtime in use, by default src/ReWorker. Files that you did not change are replaced. In files that you
# changed, the release's changes are merged, even if the release moves the file; lines that both changed get git's
# conflict markers. MANIFEST has the hash of each file as it was shipped, and where files moved. The shipped text comes
# from git's history, or from .shipped: each upgrade stores it there, for the next one, for the files that you changed.
set -euo pipefail

die() { printf 'upgrade: %s\n' "$*" >&2; exit 2; }

# hashes FOLDER: hash and name of each file of a runtime, without MANIFEST and without build output
hashes() {
    (
        cd "$1"
        find . -type f -not -path '*/bin/*' -not -path '*/obj/*' -not -path './.shipped/*' -not -path ./MANIFEST \
            -not -name packages.lock.json -not -name .DS_Store | sed 's|^\./||' | LC_ALL=C sort >"$work/names"
        tr '\n' '\0' <"$work/names" | xargs -0 git hash-object -- >"$work/hashes"
        paste -d ' ' "$work/hashes" "$work/names"
    )
}

# manifest FOLDER: its MANIFEST, without the carriage returns that git may have added
manifest() { tr -d '\r' <"$1/MANIFEST"; }

release_of() { manifest "$1" | sed -n '1s/.* //p'; }

# follow_moves: enters each moved file under its new name; old_place has where the owner's copy still is. The file stays
# where it is if the owner already has another file under the new name. Applied in order, the lines also follow chains.
follow_moves() {
    local old new
    while read -r _ old new; do
        if [ -z "${was[$old]:-}" ] || [ -n "${was[$new]:-}" ] || [ -n "${is[$old]:+${is[$new]:-}}" ]; then continue; fi
        was[$new]=${was[$old]}
        [ -z "${is[$old]:-}" ] || { is[$new]=${is[$old]}; old_place[$new]=${old_place[$old]:-$old}; }
        unset "was[$old]" "is[$old]" "old_place[$old]"
    done < <(manifest "$next" | grep '^moved ')
}

# skip_unused: a shipped folder of which the owner has no file stays out, such as Runtime where only Client is used
skip_unused() {
    local file
    for file in "${!was[@]}"; do [[ $file != */* || -z ${will[$file]:-} ]] || unused[${file%%/*}]=1; done
    for file in "${!is[@]}"; do unset "unused[${file%%/*}]"; done
    for file in "${!was[@]}" "${!will[@]}"; do
        [ -z "${unused[${file%%/*}]:-}" ] || unset "was[$file]" "will[$file]"
    done
}

# place FILE: where the owner's copy is now
place() { printf '%s' "$mine/${old_place[$1]:-$1}"; }

# shipped_text FILE: fails if the text is no longer known
shipped_text() {
    local hash=${was[$1]:-none}
    if [ -f "$mine/.shipped/$hash" ]; then tr -d '\r' <"$mine/.shipped/$hash"
    else git -C "$mine" cat-file blob "$hash" 2>/dev/null
    fi
}

# merge_file FILE: writes $work/merged. Returns the number of conflicts, or more than 127 if git cannot merge the file.
merge_file() {
    local status=0 end=''
    shipped_text "$1" >"$work/was" || : >"$work/was"
    if grep -q $'\r$' "$(place "$1")"; then end=$'\r'; fi
    tr -d '\r' <"$(place "$1")" >"$work/mine"
    git merge-file -p -L yours -L shipped -L "release $version" "$work/mine" "$work/was" "$next/$1" >"$work/both" ||
        status=$?
    sed "s/\$/$end/" "$work/both" >"$work/merged"
    [ -s "$work/merged" ] || status=255
    return $status
}

decide() {
    local file w m n
    for file in "${files[@]}"; do
        w=${was[$file]:-} m=${is[$file]:-} n=${will[$file]:-}
        if [ "$m" = "$n" ]; then continue
        elif [ "$m" = "$w" ]; then
            if [ -z "$n" ]; then remove+=("$file"); elif [ -z "$m" ]; then add+=("$file"); else replace+=("$file"); fi
        else
            yours+=("$file")
            if [ -z "$m" ]; then [ "$n" = "$w" ] || deleted+=("$file")
            elif [ -z "$n" ]; then [ -z "$w" ] || dropped+=("$file")
            elif [ "$n" != "$w" ]; then
                if merge_file "$file"; then merge+=("$file")
                elif [ $? -gt 127 ]; then beside+=("$file")
                else conflict+=("$file")
                fi
            fi
        fi
    done
}

# item LABEL FILE...: an entry of the plan, unless it is empty
item() {
    local label=$1; shift
    [ $# = 0 ] || printf '  %-11s %s\n' "$label" "$*" | fold -s -w 106 | sed '2,$s/^/              /; s/ $//'
}

# stale_references: the lines outside the runtime that name a file by its old path, and what the path is now
stale_references() {
    local folder=${mine##*/} file line match old names
    local -A moved_to=()
    for file in "${!old_place[@]}"; do moved_to[${old_place[$file]}]=$file; done
    # The path starts at the runtime's folder or at a variable: ReWorker/Job.cs, ${RUNTIME}/Job.cs, $(Runtime)\Job.cs.
    names=$(printf '%s\n' "${!moved_to[@]}" | sed 's|\.|\\.|g; s|/|[/\\\\]|g' | paste -s -d '|' -)
    (cd "$root" && grep -rnowIE --exclude-dir={.git,bin,obj,ReWorker.next,'ReWorker.before*',"$folder"} \
        "(${folder//./\\.}|[$][({]?[A-Za-z0-9_]+[)}]?)[/\\\\]($names)" .) | while IFS=: read -r file line match; do
        old=${match//\\//}
        printf '  %s:%s: %s is now %s\n' "${file#./}" "$line" "$match" "${old%%/*}/${moved_to[${old#*/}]}"
    done
}

show() {
    local file
    printf '%s is release %s; this is release %s.\n\n' "${mine#"$PWD/"}" "$(release_of "$mine")" "$version"
    if [ ${#yours[@]} = 0 ]; then echo 'You changed nothing in it.'; else echo 'You changed:'; fi
    for file in "${yours[@]}"; do
        printf '  %s' "${old_place[$file]:+${old_place[$file]} -> }$file"
        if [ -z "${is[$file]:-}" ]; then echo ': deleted'
        elif [ -z "${was[$file]:-}" ]; then echo ': your own'
        elif shipped_text "$file" >"$work/was"; then
            echo
            git --no-pager diff --no-index --no-color --ignore-cr-at-eol -- "$work/was" "$(place "$file")" |
                sed '1,/^+++/d; s/^/  | /' || true
        else echo ': changed; the shipped text is not in git'
        fi
    done
    printf '\nThe release:\n'
    for file in "${files[@]}"; do [ -z "${old_place[$file]:-}" ] || item moves "${old_place[$file]} -> $file"; done
    item replaces "${replace[@]}"
    item adds "${add[@]}"
    item removes "${remove[@]}"
    item 'merges into' "${merge[@]}"
    item 'conflicts in' "${conflict[@]}"
    item 'cannot merge; puts FILE.release beside yours:' "${beside[@]}"
    item 'drops; stays because you changed it:' "${dropped[@]}"
    item 'changes; stays out because you deleted it:' "${deleted[@]}"
    item 'has; stays out because you use none of it:' "${!unused[@]}"
    set -- "${!old_place[@]}" "${replace[@]}" "${add[@]}" "${remove[@]}" "${merge[@]}" "${conflict[@]}" "${beside[@]}"
    [ $# -gt 0 ] || echo '  changes nothing'
}

# in_no_project: the owner's code that stays in a folder whose project moves away
in_no_project() {
    local file project
    for file in "${yours[@]}"; do
        [[ -n ${is[$file]:-} && -z ${will[$file]:-} && $file == *.cs ]] || continue
        for project in "${!will[@]}" "${yours[@]}"; do
            [[ $project != *.csproj || $file != "${project%"${project##*/}"}"* ]] || continue 2
        done
        printf '  %s\n' "$file"
    done
}

# new_notes: the release's notes that the runtime in use does not have yet
new_notes() {
    manifest "$next" | grep '^note ' | grep -vxFf "$work/manifest" | sed 's/^note /  /' | fold -s -w 118 |
        sed '/^  /!s/^/  /; s/ $//'
}

# section TITLE FILE: unless the file is empty or missing
section() { [ ! -s "$2" ] || { printf '\n%s\n' "$1"; cat "$2"; }; }

apply() {
    local file
    if [ "$(git -C "$mine" rev-parse --is-inside-work-tree 2>/dev/null)" = true ]; then
        [ -z "$(git -C "$mine" status --porcelain -- .)" ] || die "$mine has changes that are not committed." \
            'Commit them, so that git diff shows what the upgrade did, and git restore undoes it.'
    else
        local before=$root/ReWorker.before number=1
        while [ -e "$before" ]; do before=$root/ReWorker.before.$((++number)); done
        cp -R "$mine" "$before"
        echo "This is not a git repository, so $before keeps the runtime as it was."
    fi
    for file in "${!old_place[@]}"; do
        mkdir -p "$(dirname "$mine/$file")" && mv "$mine/${old_place[$file]}" "$mine/$file"
        [[ $file != *.csproj ]] || (cd "$(dirname "$mine/${old_place[$file]}")" && rm -rf bin obj packages.lock.json)
    done
    old_place=()
    for file in "${replace[@]}" "${add[@]}"; do
        mkdir -p "$(dirname "$mine/$file")" && cp "$next/$file" "$mine/$file"
    done
    for file in "${remove[@]}"; do rm "$mine/$file"; done
    for file in "${merge[@]}" "${conflict[@]}"; do merge_file "$file" || true; cp "$work/merged" "$mine/$file"; done
    for file in "${beside[@]}"; do cp "$next/$file" "$mine/$file.release"; done
    rm -rf "$mine/.shipped"
    for file in "${yours[@]}"; do
        if [ -z "${will[$file]:-}" ] || [ -z "${is[$file]:-}" ]; then continue; fi
        mkdir -p "$mine/.shipped" && cp "$next/$file" "$mine/.shipped/${will[$file]}"
    done
    cp "$next/MANIFEST" "$mine/MANIFEST"
    find "$mine" -type d -empty -delete
    rm -rf "$next"
    printf '\nDone. Next: git diff, dotnet restore, dotnet test.\n'
    [ ${#conflict[@]} = 0 ] || echo "Resolve the conflict markers in: ${conflict[*]}"
    [ ${#beside[@]} = 0 ] || echo "Merge FILE.release by hand, because git takes your file for binary: ${beside[*]}"
}

main() {
    local action=show
    [ "${1:-}" != --apply ] || { action=apply; shift; }
    next=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
    root=$(dirname "$next")
    mine=${1:-$root/src/ReWorker}
    command -v git >/dev/null || die 'git is missing; it compares and merges.'
    [ -f "$mine/MANIFEST" ] || die "$mine has no MANIFEST, so it is not a runtime." \
        "Run dotnet new reworker-runtime in the solution's folder, or give the runtime's folder as an argument."
    mine=$(cd "$mine" && pwd -P)
    # The release's folder is removed at the end, so it must not be in use.
    [ "$(basename "$next")" = ReWorker.next ] || die 'this runtime is in use.' \
        'dotnet new reworker-runtime puts the next release into ReWorker.next; run the script there.'
    version=$(release_of "$next")
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    # by file: the hash as shipped, as it is in use, as the release has it
    declare -gA was=() is=() will=() old_place=() unused=()
    declare -ga files=() replace=() add=() remove=() yours=() merge=() conflict=() beside=() dropped=() deleted=()
    local hash file
    manifest "$mine" >"$work/manifest"
    while read -r hash file; do was[$file]=$hash; done < <(grep -E '^[0-9a-f]{40} ' "$work/manifest")
    hashes "$mine" >"$work/is"
    while read -r hash file; do is[$file]=$hash; done <"$work/is"
    hashes "$next" >"$work/will"
    while read -r hash file; do will[$file]=$hash; done <"$work/will"
    follow_moves
    skip_unused
    mapfile -t files < <(printf '%s\n' "${!was[@]}" "${!is[@]}" "${!will[@]}" | LC_ALL=C sort -u)
    decide
    # Applying forgets the old places and removes the release, so the lists come first.
    in_no_project >"$work/orphans"
    [ ${#old_place[@]} = 0 ] || stale_references >"$work/stale" || :
    new_notes >"$work/notes" || :
    show
    [ $action = show ] || apply
    section 'No project has these files of yours; move them into one, or delete them:' "$work/orphans"
    section 'Outside the runtime, update these paths:' "$work/stale"
    section 'Notes on the release:' "$work/notes"
    [ $action = apply ] || { printf '\nNothing was changed. bash %s --apply does it.\n' "$0"; exit; }
    [ $((${#conflict[@]} + ${#beside[@]})) = 0 ]
}

main "$@"
exit
