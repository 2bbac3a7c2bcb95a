# shellcheck shell=bash
# The operating system: what it is, whether we are root, and the packages we need of it. Sourced by bootstrap.sh.

# Variables that survive the change to root through sudo.
_pacs_kept_environment='CI,TERM,NO_COLOR,LANG,LC_ALL,COLUMNS,DEBIAN_FRONTEND'
_pacs_kept_environment+=',http_proxy,https_proxy,no_proxy,HTTP_PROXY,HTTPS_PROXY,NO_PROXY,SSL_CERT_FILE,REQUESTS_CA_BUNDLE'

pacs_require_linux() {
    [[ $(uname -s) == Linux ]] && return
    pacs_die "this is $(uname -s); the lab and the firewall tests need a Linux kernel." \
        "Run it in a Linux machine or virtual machine (Debian 12 or 13 is what we test; 4 GiB of memory, 15 GiB of disk)."
}

# pacs_require_root REASON ARGUMENTS...: return as root, or start the script again through sudo.
pacs_require_root() {
    local reason=$1
    shift
    ((EUID == 0)) && return
    command -v sudo >/dev/null || pacs_die "root is needed: $reason." \
        "sudo isn't installed. Become root (su -) and run $PACS_SCRIPT there, or install sudo."
    pacs_say "Root is needed: $reason. Starting again through sudo."
    if [[ ! -t 0 ]] && ! sudo --non-interactive true 2>/dev/null; then
        pacs_die "sudo asks for a password and there is no terminal to ask on." \
            "Run $PACS_SCRIPT as root, or from a terminal."
    fi
    local kept=$_pacs_kept_environment name
    while read -r name; do
        kept+=",$name"
    done < <(compgen -e | grep -E '^(PACS|PIP|ANSIBLE|MOLECULE)_')
    exec sudo --preserve-env="$kept" -- bash "$PACS_SCRIPT" "$@"
}

pacs_is_debian_like() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

# _pacs_package_table FILE...: "name<TAB>why" of every line that is neither comment nor blank.
_pacs_package_table() {
    local file
    for file in "$@"; do
        [[ -r $file ]] && sed -nE 's/^([a-z0-9][a-z0-9+.-]*):[[:space:]]*(.*)$/\1\t\2/p' "$file"
    done
    return 0
}

# pacs_require_packages FILE...: install through apt what the files (name: why) list and the machine lacks.
pacs_require_packages() {
    local table
    table=$(_pacs_package_table "$@" | sort -u -k1,1)
    if pacs_is_debian_like; then
        _pacs_apt_packages "$table"
    else
        _pacs_check_commands "$table"
    fi
}

# pacs_missing_packages FILE...: the names that pacs_require_packages would install, one a line.
pacs_missing_packages() {
    pacs_is_debian_like || return 0
    _pacs_missing "$(_pacs_package_table "$@" | cut -f1 | sort -u)"
}

_pacs_missing() {
    local wanted=$1
    # dpkg-query fails when it knows one of the names not at all; what it does know it prints all the same.
    # shellcheck disable=SC2086 # one argument a name
    comm -23 <(sort <<<"$wanted") <(
        { dpkg-query -W -f '${db:Status-Status}\t${Package}\n' $wanted 2>/dev/null || true; } | sed -n 's/^installed\t//p' | sort -u
    )
}

_pacs_apt_packages() {
    local table=$1 missing name why
    [[ -n $table ]] || return 0
    missing=$(_pacs_missing "$(cut -f1 <<<"$table")")
    [[ -n $missing ]] || return 0
    pacs_say "Installing system packages with apt:"
    while IFS=$'\t' read -r name why; do
        grep -qxF -- "$name" <<<"$missing" && printf '      %-18s %s\n' "$name" "$why"
    done <<<"$table"
    pacs_require_root "apt installs system packages" "${PACS_ARGUMENTS[@]}"
    # Before, because apt finishes what it has begun when it is interrupted; scripts/demo --down looks what is there.
    printf "%s\n" "$missing" >>"$PACS_STATE/installed-packages"
    # shellcheck disable=SC2086 # one argument a name
    _pacs_apt_install $missing
}

_pacs_apt_install() {
    local log=$PACS_LOGS/apt.log
    local -a install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends
        -o DPkg::Lock::Timeout=120 "$@")
    : >"$log"
    if _pacs_apt_knows "$@" && pacs_patiently "apt" "$log" "${install[@]}"; then
        return
    fi
    pacs_say "Refreshing apt's package lists"
    if ! pacs_patiently "apt" "$log" apt-get update -o DPkg::Lock::Timeout=120 || ! pacs_patiently "apt" "$log" "${install[@]}"; then
        # apt-get update warns, and succeeds, where it reaches no mirror; that is the reason, the rest follows from it.
        { grep -m 4 '^W: ' "$log" || true; grep -m 8 '^E: ' "$log" || tail -n 15 "$log"; } >&2
        pacs_die "apt could not install: $*" \
            "The lines above are from $log." \
            "No network? Connect, or set https_proxy/http_proxy. A mirror? Check /etc/apt/sources.list*." \
            "Or install them yourself and start again: apt-get install $*"
    fi
}

# Old or empty package lists are refreshed before they can fail.
_pacs_apt_knows() {
    local policy
    policy=$(LC_ALL=C apt-cache policy "$@" 2>/dev/null)
    (($(grep -c '^  Candidate: [^(]' <<<"$policy") == $#))
}

# Where there is no apt we install nothing: name what is missing, go on if nothing is.
_pacs_check_commands() {
    local name why command found
    local -a absent=()
    while IFS=$'\t' read -r name why; do
        local candidates
        candidates=$(_pacs_package_table "$PACS_ROOT/scripts/lib/commands.txt" | sed -n "s/^$name\t//p")
        [[ -n $candidates ]] || continue
        found=
        for command in $candidates; do
            if command -v "$command" >/dev/null; then found=1; fi
        done
        [[ -n $found ]] || absent+=("${candidates%% *} (on Debian in package $name): $why")
    done <<<"$1"
    ((${#absent[@]} == 0)) && return
    pacs_die "this system has no apt, so nothing can be installed for you. Missing:" \
        "${absent[@]}" "Install these by your system's means and start again."
}
