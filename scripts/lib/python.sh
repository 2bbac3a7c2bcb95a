# shellcheck shell=bash
# The project's Python environment, .venv: pinned, made once, made again when its inputs change. Sourced by bootstrap.sh.

_pacs_oldest_python=11 # 3.11: the oldest that the pinned ansible-core runs on

# Prints the interpreter to build from: PACS_PYTHON, else python3, else the newest python3.N.
_pacs_choose_python() {
    local candidate version
    if [[ -n ${PACS_PYTHON:-} ]]; then
        version=$(_pacs_python_minor "$PACS_PYTHON") || pacs_die "PACS_PYTHON=$PACS_PYTHON can't be run." "Name a Python 3.$_pacs_oldest_python or later."
        ((version >= _pacs_oldest_python)) || pacs_die "PACS_PYTHON=$PACS_PYTHON is Python 3.$version." "Name a Python 3.$_pacs_oldest_python or later."
        printf '%s\n' "$PACS_PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        version=$(_pacs_python_minor "$candidate") || continue
        if ((version >= _pacs_oldest_python)); then
            printf '%s\n' "$candidate"
            return
        fi
    done
    pacs_die "no Python 3.$_pacs_oldest_python or later was found." \
        "On Debian 12 or later: apt-get install python3. Elsewhere set PACS_PYTHON to the path of one."
}

# 12 for Python 3.12; fails where the command is none (a pyenv shim without its version, say) or is Python 2.
_pacs_python_minor() {
    "$1" -c 'import sys; assert sys.version_info[0] == 3; print(sys.version_info[1])' 2>/dev/null
}

# Debian splits ensurepip off. pacs_plan_python FILE: write there (name: why) the package that it takes to make .venv,
# if it is to be made and one is missing, so that all packages are installed in one go.
pacs_plan_python() {
    local file=$1 python
    PACS_VENV=$PACS_ROOT/.venv
    export PACS_VENV
    _pacs_leave_venv
    : >"$file"
    _pacs_venv_is_current && return
    python=$(_pacs_choose_python) || exit 1
    _pacs_has_ensurepip "$python" && return
    pacs_is_debian_like || pacs_die "$python has no ensurepip, so it can't make environments." \
        "Install your system's package for it (often python3-venv or python3-pip), or set PACS_PYTHON to another Python."
    echo "python3.$(_pacs_python_minor "$python")-venv: the project's own Python environment" >"$file"
}

# Whoever calls may have .venv active: an environment can't be made anew with its own interpreter.
_pacs_leave_venv() {
    local path=:$PATH:
    path=${path//:"$PACS_VENV/bin":/:}
    path=${path#:}
    export PATH=${path%:}
}

_pacs_has_ensurepip() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# What an environment was made from: equal keys mean that nothing is to be done. $1 is its own interpreter.
_pacs_venv_key() {
    {
        printf 'scheme 1\npython %s\nchosen %s\nat %s\n' "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>&1)" "${PACS_PYTHON:-}" "$PACS_ROOT"
        cat "$PACS_ROOT/requirements.txt" "$PACS_ROOT/requirements-dev.txt"
    } | sha256sum | cut -d' ' -f1
}

_pacs_venv_is_current() {
    [[ -x $PACS_VENV/bin/python && -r $PACS_VENV/pacs-key && $(<"$PACS_VENV/pacs-key") == "$(_pacs_venv_key "$PACS_VENV/bin/python")" ]]
}

# Make .venv unless it is current (after pacs_plan_python). The key is written last, so that an interrupted one is made again.
pacs_require_python() {
    if ! _pacs_venv_is_current; then
        local python
        python=$(_pacs_choose_python) || exit 1
        _pacs_has_ensurepip "$python" || pacs_die "$python has no ensurepip, although its package is installed." \
            "Set PACS_PYTHON to another Python 3.$_pacs_oldest_python or later."
        # Two scripts may start at once; the second waits and finds the work done.
        exec 9>"$PACS_STATE/venv.lock"
        flock 9
        _pacs_venv_is_current || _pacs_make_venv "$python"
        exec 9>&-
    fi
    export VIRTUAL_ENV=$PACS_VENV
    # molecule and ansible-lint call ansible-config and others by name.
    export PATH=$PACS_VENV/bin:$PATH
}

_pacs_make_venv() {
    local python=$1 log=$PACS_LOGS/pip.log
    pacs_say "Making the Python environment .venv ($("$python" --version 2>&1), $(grep -c '==' "$PACS_ROOT/requirements-dev.txt") pinned packages)"
    rm -rf "$PACS_VENV"
    if ! "$python" -m venv "$PACS_VENV" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        pacs_die "$python could not make an environment in $PACS_VENV." "The lines above are the end of $log." \
            "Is the disk full, or the directory not writable?"
    fi
    if ! pacs_patiently "pip" "$log" "$PACS_VENV/bin/python" -m pip install --disable-pip-version-check --no-input \
        --progress-bar off -r "$PACS_ROOT/requirements-dev.txt" -r "$PACS_ROOT/requirements.txt"; then
        grep -vE '^(Requirement already|Collecting|  Downloading|  Using cached)|Retry\(total=[1-9]' "$log" | tail -n 15 >&2
        pacs_die "pip could not install the pinned packages." \
            "The lines above are the end of $log." \
            "No network? Connect, or set https_proxy. A mirror of PyPI? Set PIP_INDEX_URL. Then start again."
    fi
    _pacs_venv_key "$PACS_VENV/bin/python" >"$PACS_VENV/pacs-key"
}
