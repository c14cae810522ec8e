#!/usr/bin/env bash
# Grants the application roles of Microsoft Graph that Bookings needs. `--help` tells more.

set -euo pipefail

# Microsoft Graph itself: the same application in every tenant and every cloud.
readonly GRAPH_APP=00000003-0000-0000-c000-000000000000

# Ids of Graph's roles with their names.
readonly READ='6e98f277-b046-4193-a4f2-6bf6a78cd491 Bookings.Read.All'
readonly APPOINTMENTS='9769393e-5a9f-4302-9e3d-7e018ecb64a7 BookingsAppointment.ReadWrite.All'
readonly READ_WRITE='0c4b2d20-7919-468d-8668-c54b09d4dee8 Bookings.ReadWrite.All'

readonly WRONG_USAGE=2 NO_RIGHT=3

usage() {
    cat <<'END'
Grants a managed identity the application roles of Microsoft Graph that Microsoft Bookings needs. Can be run again:
what is already granted stays as it is.

  infra/grant-graph-permissions.sh --principal OBJECT_ID
  infra/grant-graph-permissions.sh --identity NAME --resource-group GROUP

  --principal OBJECT_ID     object id of the identity, or of an application's service principal (not its client id);
                            that of a function app: az functionapp identity show --query principalId
  --identity NAME           a user-assigned identity, looked up in the current subscription
  --resource-group GROUP    the resource group that --identity is in
  --cancel-messages         grant Bookings.ReadWrite.All alone: it can cancel an appointment with a message to the patient
  --dry-run                 tell what would be granted, and grant nothing
  --help                    this text

Without --cancel-messages the smaller pair is granted: Bookings.Read.All and BookingsAppointment.ReadWrite.All.

Needs the Azure CLI, logged in (`az login --allow-no-subscriptions`) to the tenant and the cloud (`az cloud set`) of
the identity, as a Privileged Role Administrator or Global Administrator.

Exits with 0 when all is granted, 2 when called wrongly, 3 without the right to grant, and 1 when anything else fails.
END
}

main() {
    parse "$@"
    check_az
    errors=$(mktemp)
    trap 'rm -f "$errors"' EXIT
    find_endpoint
    find_principal
    find_graph
    refuse_missing_roles
    read_assignments
    grant_missing
    conclude
}

principal='' identity='' group=''
cancel_messages=false dry_run=false

parse() {
    while [ $# -gt 0 ]; do
        case $1 in
            --principal) principal=$(value "$@") ;;
            --identity) identity=$(value "$@") ;;
            --resource-group) group=$(value "$@") ;;
            --cancel-messages) cancel_messages=true ;;
            --dry-run) dry_run=true ;;
            -h | --help) usage; exit 0 ;;
            *) refuse "\`$1\` is not an option" ;;
        esac
        case $1 in --principal | --identity | --resource-group) shift ;; esac
        shift
    done
    if [ -n "$principal" ]; then
        [ -z "$identity$group" ] || refuse "\`--principal\` needs neither \`--identity\` nor \`--resource-group\`"
        is_id "$principal" || refuse "\`$principal\`, given with \`--principal\`, is not an object id"
    elif [ -z "$identity" ] || [ -z "$group" ]; then
        refuse "say whom to grant: \`--principal OBJECT_ID\`, or \`--identity NAME --resource-group GROUP\`"
    fi
    if $cancel_messages; then roles=$READ_WRITE; else roles=$READ$'\n'$APPOINTMENTS; fi
}

# --- the steps

check_az() {
    command -v az >/dev/null \
        || fail "the Azure CLI \`az\` is missing: https://learn.microsoft.com/cli/azure/install-azure-cli"
    az account show --output none </dev/null >/dev/null 2>&1 \
        || fail "az is not logged in: \`az login --allow-no-subscriptions\`, then run this again"
}

find_endpoint() {
    graph=$(ask cloud show --query endpoints.microsoftGraphResourceId --output tsv) \
        || failed 'the cloud that az speaks to is not known'
    graph=${graph%/}
    case $graph in
        https://*) ;;
        *) fail "the cloud that az speaks to names no Microsoft Graph: see \`az cloud show\`" ;;
    esac
}

find_principal() {
    [ -z "$principal" ] || return 0
    principal=$(ask identity show --name "$identity" --resource-group "$group" --query principalId --output tsv) \
        || failed "there is no identity \`$identity\` in \`$group\`, in the subscription of \`az account show\`"
    is_id "$principal" || fail "az names no object id of \`$identity\`"
}

find_graph() {
    local answer
    answer=$(ask rest --method GET --url "$graph/v1.0/servicePrincipals(appId='$GRAPH_APP')?\$select=id,appRoles" \
        --query '[[id], appRoles[].id][]' --output tsv) || failed 'the roles of Microsoft Graph could not be read'
    resource=$(first "$answer")
    offered=$(rest "$answer")
    is_id "$resource" || fail 'Microsoft Graph answered without its own object id'
}

# All of them, before anything is granted.
refuse_missing_roles() {
    local id name missing=''
    while read -r id name; do
        has "$offered" "$id" || missing="$missing $name"
    done <<<"$roles"
    [ -z "$missing" ] || fail "$graph does not offer$missing: national clouds lack roles, and some lack \
Microsoft Bookings altogether"
}

read_assignments() {
    local answer url="$graph/v1.0/servicePrincipals/$principal/appRoleAssignments"
    assigned=''
    while [ -n "$url" ]; do
        answer=$(ask rest --method GET --url "$url" \
            --query "[[\"@odata.nextLink\" || ''], value[].join('/', [resourceId, appRoleId])][]" --output tsv) \
            || failed "the roles of $principal could not be read: it must be an object id, not a client id, and a new \
identity takes some minutes to be known"
        assigned=$assigned$'\n'$(rest "$answer")
        url=$(first "$answer")
        # It is asked with our token, so nowhere else.
        case $url in
            '' | "$graph"/*) ;;
            *) fail "$graph continues its list elsewhere: \`$url\`" ;;
        esac
    done
}

grant_missing() {
    local id name
    while read -r id name; do
        if has "$assigned" "$resource/$id"; then
            echo "$name: already there"
        elif $dry_run; then
            echo "$name: would be granted"
        elif ask rest --method POST --url "$(assignments_url)" --headers Content-Type=application/json \
            --body "$(assignment "$id")" --output none; then
            echo "$name: granted"
        elif grep -q 'assigned already exists' "$errors"; then
            echo "$name: already there"
        else
            failed "$name could not be granted"
        fi
    done <<<"$roles"
}

conclude() {
    echo
    if ! $cancel_messages; then
        cat <<'END'
With these roles a cancellation is a DELETE, and no message goes out to the patient. For a message, run this again
with --cancel-messages.
END
    fi
    cat <<'END'
Tokens of managed identities are cached for up to a day, with the roles of the moment they were made. So grant before
the first start; else restart the app, and wait if it is still refused.
These roles hold for every Bookings business of the tenant: name those that the app may use in `businesses` of
`[bookings]`.
END
}

# --- without the right to grant

no_right() {
    local again="infra/grant-graph-permissions.sh --principal $principal" id name
    if $cancel_messages; then again="$again --cancel-messages"; fi
    {
        complain "you may not do this: $1 (403 Authorization_RequestDenied)"
        cat <<END

To grant a role of Microsoft Graph takes a Privileged Role Administrator or a Global Administrator; a Cloud Application
Administrator may grant those of other applications only. Somebody who is one can log in with az and run

  $again
END
        if [ -n "${assigned+read}" ]; then
            printf '\nor, without this script,\n\n'
            while read -r id name; do
                has "$assigned" "$resource/$id" || echo "  az rest --method POST --url '$(assignments_url)'" \
                    "--headers Content-Type=application/json --body '$(assignment "$id")'"
            done <<<"$roles"
        fi
    } >&2
    exit "$NO_RIGHT"
}

assignments_url() { echo "$graph/v1.0/servicePrincipals/$principal/appRoleAssignments"; }

assignment() { # ROLE_ID
    printf '{"principalId": "%s", "resourceId": "%s", "appRoleId": "%s"}' "$principal" "$resource" "$1"
}

# --- what the steps share

# Runs az. What it says on failure is in the file $errors.
ask() { # ARGUMENTS...
    az "$@" </dev/null 2>"$errors" | tr -d '\r'
}

value() { # OPTION VALUE...
    if [ $# -lt 2 ] || [ -z "$2" ]; then refuse "\`$1\` lacks its value"; fi
    echo "$2"
}

is_id() { [[ $1 =~ ^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$ ]]; }

has() { # LINES LINE
    case $'\n'$1$'\n' in *$'\n'"$2"$'\n'*) ;; *) return 1 ;; esac
}

first() { printf '%s' "${1%%$'\n'*}"; } # LINES

rest() { # LINES
    case $1 in *$'\n'*) printf '%s' "${1#*$'\n'}" ;; esac
}

# Tells what az said last, and ends.
failed() { # WHAT
    if grep -q Authorization_RequestDenied "$errors"; then no_right "$1"; fi
    complain "$1"
    cat "$errors" >&2
    exit 1
}

fail() { complain "$1"; exit 1; }

refuse() { complain "$1; see --help"; exit "$WRONG_USAGE"; }

complain() { echo "infra/grant-graph-permissions.sh: $1" >&2; }

main "$@"
