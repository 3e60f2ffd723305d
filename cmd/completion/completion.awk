# SPDX-License-Identifier: Apache-2.0
# Shell completion of a tool from its help text:
#
#   TOOL --help | awk -f completion.awk -v shell=bash|zsh|fish
#
# The name of an argument decides how it is completed: FILE, CACHE, DIR, KEYFILE, LIST and SPOOL as files,
# INTERFACE from `flowcap -D`, others not at all. Operands are completed as files if the usage line
# ends in `...]`.

BEGIN {
    paths = " FILE CACHE DIR KEYFILE LIST SPOOL "
    interfaces = "flowcap -D 2>/dev/null | cut -f 1"
}

NR == 1 {
    tool = $2
    operands = /\[(FILE|LOG)\.\.\.\]$/
}

# The list of options ends with an empty line, as does the text before it.
/^  +-/ { add($0); next }
count && $0 == "" { exit }
count {
    sub(/^ */, " ")
    about[count] = about[count] $0
}

END {
    if (!count) {
        print "completion.awk: no help text" >"/dev/stderr"
        exit 1
    }
    if (shell == "bash")
        bash()
    else if (shell == "zsh")
        zsh()
    else
        fish()
}

# add(LINE): `-o, --option ARG  what it does`. One blank precedes ARG; more precede what
# the option does.
function add(line) {
    count++
    sub(/^ +/, "", line)
    if (match(line, /^-[^-]/)) {
        short[count] = substr(line, 2, 1)
        sub(/^.., /, "", line)
    }
    match(line, /^--[a-z0-9-]+/)
    long[count] = substr(line, 3, RLENGTH - 2)
    line = substr(line, RLENGTH + 1)
    if (match(line, /^ [A-Z]+ /)) {
        takes[count] = substr(line, 2, RLENGTH - 2)
        line = substr(line, RLENGTH)
    }
    sub(/^ +/, "", line)
    about[count] = takes[count] (takes[count] == "" ? "" : ": ") line
}

function is_path(option) {
    return index(paths, " " takes[option] " ")
}

# spellings(OPTION, BETWEEN): the short and long option as typed
function spellings(option, between) {
    return (short[option] == "" ? "" : "-" short[option] between) "--" long[option]
}

# In single quotes, as bash and zsh read them
function quoted(s) {
    gsub(/'/, "'\\''", s)
    return "'" s "'"
}

# When bash lists several options, what they do is listed too but not inserted. Its fallback to files
# applies if the function gives no words.
function bash(    i, s, n, parts, none) {
    printf "# Completion of %s for bash, made from its help text.\n\n", tool
    printf "_%s() {\n", tool
    print "    local IFS=$'\\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} option"
    print "    local options=("
    for (i = 1; i <= count; i++) {
        n = split(spellings(i, " "), parts, " ")
        for (s = 1; s <= n; s++)
            printf "        %s\n", quoted(sprintf("%-24s  %s", parts[s], about[i]))
    }
    print "    )\n"
    print "    COMPREPLY=()"
    print "    if [[ $prev == = ]]; then"
    print "        prev=${COMP_WORDS[COMP_CWORD - 2]}"
    print "    elif [[ $cur == = ]]; then"
    print "        cur="
    print "    fi"
    print "    case $prev in"
    for (i = 1; i <= count; i++)
        if (is_path(i))
            printf "    %s) return ;;\n", spellings(i, " | ")
        else if (takes[i] == "INTERFACE") {
            printf "    %s)\n        compopt +o default\n", spellings(i, " | ")
            printf "        COMPREPLY=($(compgen -W \"$(%s)\" -- \"$cur\"))\n", interfaces
            print "        return\n        ;;"
        } else if (takes[i] != "")
            none = none (none == "" ? "" : " | ") spellings(i, " | ")
    if (none != "")
        printf "    %s)\n        compopt +o default\n        return\n        ;;\n", none
    print "    esac"
    if (!operands)
        print "    compopt +o default"
    print "    [[ $cur == -* ]] || return"
    print "    for option in \"${options[@]}\"; do"
    print "        [[ $option != \"$cur\"* ]] || COMPREPLY+=(\"$option\")"
    print "    done"
    print "    if [[ ${#COMPREPLY[@]} -eq 1 || $COMP_TYPE == 37 || $COMP_TYPE == 42 ]]; then"
    print "        COMPREPLY=(\"${COMPREPLY[@]%% *}\")"
    print "    fi"
    print "}\n"
    printf "complete -o default -F _%s %s\n", tool, tool
}

function zsh(    i, s, n, parts, rest, alone) {
    printf "#compdef %s\n# Completion of %s for zsh, made from its help text.\n\n", tool, tool
    printf "_arguments -s -S"
    for (i = 1; i <= count; i++) {
        rest = about[i]
        gsub(/[][\\]/, "\\\\&", rest)
        rest = "[" rest "]"
        if (is_path(i))
            rest = rest ":" takes[i] ":_files"
        else if (takes[i] == "INTERFACE")
            rest = rest ":" takes[i] ":{compadd -- ${(f)\"$(" interfaces ")\"}}"
        else if (takes[i] != "")
            rest = rest ":" takes[i] ": "
        alone = about[i] ~ /^print (this help|the version)/ ? "(- *)" : ""
        if (about[i] ~ /may be repeated/)
            alone = "*"
        n = split(spellings(i, " "), parts, " ")
        for (s = 1; s <= n; s++)
            printf " \\\n    %s", quoted(alone parts[s] (takes[i] == "" ? "" : parts[s] ~ /^--/ ? "=" : "+") rest)
    }
    print operands ? " \\\n    '*:FILE:_files'" : ""
}

# In fish, a backslash precedes a backslash or quote within single quotes.
function fish(    i, s) {
    printf "# Completion of %s for fish, made from its help text.\n\n", tool
    if (!operands)
        printf "complete -c %s -f\n", tool
    for (i = 1; i <= count; i++) {
        s = "complete -c " tool
        if (short[i] != "")
            s = s " -s " short[i]
        s = s " -l " long[i]
        if (is_path(i))
            s = s " -r -F"
        else if (takes[i] == "INTERFACE")
            s = s " -x -a '(" interfaces ")'"
        else if (takes[i] != "")
            s = s " -x"
        gsub(/[\\']/, "\\\\&", about[i])
        print s " -d '" about[i] "'"
    }
}
