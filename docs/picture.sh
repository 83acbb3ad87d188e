#!/usr/bin/env bash
# Draws what a command printed as a terminal window, an SVG on standard output:
#   ./build.sh demo | docs/picture.sh './build.sh demo' >docs/demo.svg
# What follows a line that begins with "Completed:" is left out.
set -euo pipefail

awk -v command="$1" '
function escaped(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); return text }
function span(class, text) { return "<tspan class=\"" class "\">" escaped(text) "</tspan>" }
function coloured(line,    head, rest) {
    if (line ~ /^\$ /) return span("prompt", "$ ") span("typed", substr(line, 3))
    if (match(line, /^ (started|completed) +/)) { head = substr(line, 1, RLENGTH); return span(line ~ /^ s/ ? "started" : "completed", head) escaped(substr(line, RLENGTH + 1)) }
    if (line ~ /^ failed /) return span("failed", line)
    if (line ~ /^ │/) return span("dim", " │") escaped(substr(line, length(" │") + 1))
    if (line ~ /^Completed:/) return span("completed", line)
    return escaped(line)
}
BEGIN { line[n++] = "$ " command; widest = length(line[0]) }
done { next }
{ sub(/ Nothing of it stays\..*/, ""); line[n++] = $0; if (length($0) > widest) widest = length($0) }
/^Completed:/ { done = 1 }
END {
    width = int((widest + 6) * 8.43) + 40; height = n * 20 + 76
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">\n", width, height, width, height, escaped(command)
    print "<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:#d6dbe4;white-space:pre}.prompt,.completed{fill:#7fd88f}.typed{fill:#fff;font-weight:bold}.started{fill:#6cc7f0}.failed{fill:#f28b82}.dim{fill:#7d8796}</style>"
    printf "<rect width=\"%d\" height=\"%d\" rx=\"10\" fill=\"#161b22\"/>\n<circle cx=\"22\" cy=\"20\" r=\"6\" fill=\"#f25f57\"/><circle cx=\"42\" cy=\"20\" r=\"6\" fill=\"#f5bd4f\"/><circle cx=\"62\" cy=\"20\" r=\"6\" fill=\"#5fc454\"/>\n", width, height
    for (i = 0; i < n; i++) printf "<text x=\"20\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", 58 + i * 20, coloured(line[i])
    print "</svg>"
}'
