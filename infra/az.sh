# What deploy, rotate-key and teardown share: how they ask az, and how they tell what they do. It is sourced, not run.
# shellcheck shell=bash
# What it sets is used by them, and what it uses they set:
# shellcheck disable=SC2034,SC2154

# The name under which infra/main.bicep is deployed; its outputs are found by it.
readonly DEPLOYMENT=healthbot-scheduler

readonly WRONG_USAGE=2 NO_RIGHT=3 NO_WAY_IN=4

# Azure takes up to ten minutes until a role that was given is heeded everywhere:
# https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
readonly TRIES=40 PAUSE=15 NOT_HEEDED='your role is not heeded'

dry_run=false group='' errors=''

# What az says when it may not, when it cannot get there, and when there is nothing. Key Vault adds the inner code.
FORBIDDEN='ForbiddenByRbac|Caller is not authorized|required permissions needed|AuthorizationPermissionMismatch'
readonly FORBIDDEN="$FORBIDDEN|AuthorizationFailed|does not have authorization|Authorization_RequestDenied"
readonly SHUT_OUT='ForbiddenByFirewall|ForbiddenByConnection|ublic network access is disabled|blocked by network rules'
UNREACHABLE='Failed to establish a new connection|Max retries exceeded|Name or service not known|NameResolutionError'
readonly UNREACHABLE="$UNREACHABLE|Failed to resolve|Connection refused|Connection aborted|timed out"

# Right after a start the Functions host answers for its keys with an error of its own:
# https://github.com/Azure/azure-cli/issues/20892
readonly HOST_NOT_UP='Bad Request|BadRequest|InternalServerError|ServiceUnavailable|host runtime|Not Found'

# --- to whoever runs this

# Descriptor 3 is the terminal, also where standard output is being read for an answer.
exec 3>&1

step() { # TEXT
    if $dry_run; then printf '\n# %s\n' "$1" >&3; else printf '==> %s\n' "$1" >&3; fi
}

# What came of it, which a dry run cannot know.
note() { # TEXT
    if ! $dry_run; then printf '    %s\n' "$1" >&3; fi
}

# What a reader of a dry run has to know of the next command.
remark() { # TEXT
    if $dry_run; then printf '# %s\n' "$1" >&3; fi
}

complain() { echo "infra/${0##*/}: $1" >&2; }

remedy() { echo "What to do: $1" >&2; }

refuse() { complain "$1; see --help"; exit "$WRONG_USAGE"; }

fail() { # WHAT REMEDY
    complain "$1"
    remedy "$2"
    exit 1
}

# Tells what az said last and what to do about it, and ends.
failed() { # WHAT [REMEDY]
    complain "$1"
    sed 's/^/  /' "$errors" >&2
    if said "$SHUT_OUT"; then
        remedy "it may not be reached from this network: with a private network run this (of deploy: \
--phase app) from inside it, on a machine or an agent whose DNS finds the private endpoints"
        exit "$NO_WAY_IN"
    elif said "$UNREACHABLE"; then
        remedy "it was not reached: see to network, proxy and DNS of this machine, then run this again"
        exit "$NO_WAY_IN"
    elif said "$FORBIDDEN"; then
        remedy "${2:-let somebody who may do this run it, or give you the role that is named above; a role is heeded \
after some minutes, so run this again then}"
        exit "$NO_RIGHT"
    fi
    remedy "${2:-see what az says above, then run this again: what is done stays done}"
    exit 1
}

# --- az

# Runs az, or tells that it would be run. What az says on failure is in the file $errors.
ask() { # ARGUMENT...
    if $dry_run; then show az "$@"; else az "$@" --only-show-errors </dev/null 2>"$errors" | tr -d '\r'; fi
}

# The same for what is read from standard input, so that no secret is in a list of processes or in a file.
ask_with_input() { # ARGUMENT...
    az "$@" --only-show-errors 2>"$errors" | tr -d '\r'
}

# The same for an answer that is needed: a dry run goes on with the placeholder.
answer() { # PLACEHOLDER ARGUMENT...
    ask "${@:2}" || return
    if $dry_run; then echo "$1"; fi
}

said() { grep -qE "$1" "$errors"; } # PATTERN

# Again and again, while what az says fits the pattern.
patiently() { # PATTERN WHAT COMMAND...
    local pattern=$1 what=$2 tries=1
    shift 2
    until "$@"; do
        if ! said "$pattern" || said "$SHUT_OUT" || [ "$tries" -ge "$TRIES" ]; then return 1; fi
        note "$what: not yet; again in $PAUSE s ($tries of $TRIES)"
        sleep "$PAUSE"
        tries=$((tries + 1))
    done
}

# Tells every 20 s that it is still at work.
slowly() { # WHAT COMMAND...
    local what=$1 ticker code=0
    shift
    if $dry_run; then "$@"; return; fi
    tick "$what" &
    ticker=$!
    "$@" || code=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    return "$code"
}

tick() { # WHAT
    local start=$SECONDS
    # Nothing is ever written there. A `sleep` would outlive us.
    [ -p "$work/never" ] || mkfifo "$work/never"
    while kill -0 $$ 2>/dev/null; do
        read -rt 20 _ <>"$work/never" || true
        note "$1: at work for $((SECONDS - start)) s"
    done
}

# A command line that a shell would take as it stands, but for the placeholders.
show() { # ARGUMENT...
    local argument line=''
    for argument; do
        if [[ $argument =~ ^[][A-Za-z0-9_./:=@,+\<\>-]+$ ]]; then
            line="$line $argument"
        else
            line="$line '${argument//\'/\'\\\'\'}'"
        fi
    done
    echo "${line# }" >&3
}

# --- what all three begin with

begin() { # TOOL...
    local tool
    for tool; do
        command -v "$tool" >/dev/null || fail "\`$tool\` is missing" "$(where_to_get "$tool")"
    done
    work=$(mktemp -d)
    errors=$work/errors
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    : >"$errors"
}

clean_up() {
    local job
    for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
    rm -rf "$work"
}

where_to_get() { # TOOL
    case $1 in
        az) echo "install the Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli" ;;
        *) echo "install \`$1\` with the package manager of this machine; Azure Cloud Shell has it" ;;
    esac
}

subscription='' account_type=''

find_subscription() {
    local found lines
    found=$(ask account show --query '[id, name, user.type]' --output tsv) \
        || failed "az is not logged in" "\`az login\`, then \`az account set --subscription NAME\`"
    if $dry_run; then subscription='<subscription>' account_type='<deployerPrincipalType>'; return; fi
    mapfile -t lines <<<"$found"
    subscription=${lines[0]}
    case ${lines[2]-} in
        user) account_type=User ;;
        *) account_type=ServicePrincipal ;;
    esac
    note "subscription: ${lines[1]} ($subscription)"
}

# The outputs of the deployment, each as a variable of its name.
find_outputs() { # OUTPUT...
    local found lines name query=''
    for name; do
        if $dry_run; then printf -v "$name" '%s' "<$name>"; fi
        query="$query, $name.value"
    done
    found=$(ask deployment group show --name "$DEPLOYMENT" --resource-group "$group" \
        --query "properties.outputs.[${query#, }]" --output tsv) \
        || failed "\`$group\` has no deployment \`$DEPLOYMENT\`" \
            "run \`infra/deploy --resource-group $group --phase infra\`"
    if $dry_run; then return; fi
    mapfile -t lines <<<"$found"
    for name; do
        case ${lines[0]-} in
            '' | None)
                fail "the deployment \`$DEPLOYMENT\` in \`$group\` tells no \`$name\`: it is at work, or has failed" \
                    "run \`infra/deploy --resource-group $group --phase infra\`"
                ;;
        esac
        printf -v "$name" '%s' "${lines[0]}"
        lines=("${lines[@]:1}")
    done
}

# --- options

value() { # OPTION VALUE...
    if [ $# -lt 2 ] || [ -z "$2" ]; then refuse "\`$1\` lacks its value"; fi
    echo "$2"
}

# Functions keeps keys as parts of addresses; a number at the end is ours, for the keys of a change.
refuse_odd_caller() { # NAME
    [[ $1 =~ ^[A-Za-z][A-Za-z0-9_-]*$ ]] || refuse "\`$1\` is no name for a caller: letters, digits, \`_\` and \`-\`"
    [[ ! $1 =~ -[0-9]+$ ]] || refuse "\`$1\` ends like a caller's second key: choose a name that ends otherwise"
}

# The keys of one caller among all: its name, or that with a number.
keys_of() { # CALLER KEYS
    local field
    field=$(($(tr -cd - <<<"$1" | wc -c) + 2))
    grep -E "^$1(-[0-9]+)?\$" <<<"$2" | sort -t - -k "${field}n" || true
}

list_keys() {
    # shellcheck disable=SC2016  # the backquotes are of the query
    patiently "$HOST_NOT_UP" "the app is starting" answer "" functionapp keys list --name "$functionAppName" \
        --resource-group "$group" --query 'keys(functionKeys || `{}`)' --output tsv
}

how_to_read_key() { # KEY
    show az functionapp keys list --name "$functionAppName" --resource-group "$group" \
        --query "functionKeys.\"$1\"" --output tsv
}
