"""A small model of an Azure subscription, which the `az` beside it answers from.

What exists is in state.json of $FAKE_AZURE; every call is a line in calls.jsonl there, and in a file of $AZ_RECORD,
where the real az's parser finds it; wrote.jsonl tells of each whether it changed anything. It knows what the scripts of
infra/ ask and no more: anything else ends with 64. It refuses what Azure refuses: what is not there, roles that are not
heeded yet, a network that is shut, a second deployment while one is at work. With $KILL_AFTER=N the whole process group
is killed when call N is answered, its effect done.
"""

import base64
import json
import os
import signal
import sys

FOLDER = os.environ["FAKE_AZURE"]
SUBSCRIPTION = "/subscriptions/00000000-5555-4555-8555-000000000000"
GRAPH = "https://graph.microsoft.com/v1.0/"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
NO_VALUE = {"--overwrite", "--no-progress", "--only-show-errors", "--wait", "--created", "--all", "--yes"}
MANY_VALUES = {"--parameters", "--ids"}


class Refused(Exception):
    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


class Subscription:
    def __init__(self, state):
        self.state = state

    # --- who asks

    def version(self, _):
        return {"azure-cli": self.state["version"]}

    def account_show(self, _):
        return {"id": SUBSCRIPTION.split("/")[2], "name": "Clinic", "user": {"type": self.state["user_type"]}}

    def account_get_access_token(self, _):
        claims = json.dumps({"oid": self.state["deployer"]}).encode()
        return {"accessToken": f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{self.state['signature']}"}

    def cloud_show(self, _):
        return {"endpoints": {"microsoftGraphResourceId": "https://graph.microsoft.com/"}}

    # --- the group

    def group_show(self, options):
        self.group(options["--name"])
        return {"location": "westeurope"}

    def provider_list(self, _):
        return [{"namespace": each, "registrationState": "Registered"} for each in self.state["registered"]]

    def provider_register(self, options):
        if self.state["may_not_register"]:
            raise Refused("(AuthorizationFailed) The client does not have authorization to perform action 'register'.")
        self.state["registered"].append(options["--namespace"])

    def functionapp_list_flexconsumption_locations(self, _):
        return [{"name": each} for each in self.state["regions"]]

    def functionapp_list_flexconsumption_runtimes(self, options):
        versions = self.state["regions"].get(options["--location"], [])
        if not versions:
            raise Refused("Runtime 'custom' not supported for function apps on the Flex Consumption plan.")
        return [{"name": options["--runtime"], "version": each} for each in versions]

    def rest(self, options):
        url = options["--url"].partition("?")[0]
        if url == f"{SUBSCRIPTION}/resourceGroups/clinic/providers/Microsoft.Authorization/permissions":
            return {"value": self.state["permissions"]}
        if url.startswith(GRAPH):
            return self.graph(url.removeprefix(GRAPH), options)
        sys.exit(64)

    # --- deployments

    def bicep_build(self, options):
        write(options["--outfile"], json.dumps({"made of": read(options["--file"]).decode()}))

    def bicep_build_params(self, options):
        names = "DEPLOYER_PRINCIPAL_ID", "DEPLOYER_PRINCIPAL_TYPE"
        text = read(options["--file"]).decode()
        write(options["--outfile"], json.dumps([text, *(os.environ[name] for name in names)]))

    def deployment_group_what_if(self, options):
        self.parameters(options)
        return "Resource changes: 21 to create."

    def deployment_group_create(self, options):
        self.group(options["--resource-group"])
        found = self.state["deployments"].get(options["--name"])
        if found and found["state"] == "Running":
            raise Refused("(DeploymentActive) Unable to edit or replace deployment: another is still active.")
        parameters = self.parameters(options)
        if self.state["infra_fails"]:
            self.state["deployments"][options["--name"]] = {"state": "Failed", "parameters": parameters}
            raise Refused("(DeploymentFailed) At least one resource deployment operation failed: SkuNotAvailable.")
        killed = self.state["calls"] == int(os.environ.get("KILL_AFTER", "0"))
        self.state["deployments"][options["--name"]] = {"state": "Running", "parameters": parameters}
        if not killed:  # else Azure is still at work
            self.finish(options["--name"])

    def deployment_group_show(self, options):
        self.group(options["--resource-group"])
        found = self.deployment(options["--name"])
        outputs = self.state["outputs"] if found["state"] == "Succeeded" else {}
        outputs = {name: {"type": "String", "value": value} for name, value in outputs.items()}
        return {"properties": {"provisioningState": found["state"], "outputs": outputs or None}}

    def deployment_group_wait(self, options):
        if self.deployment(options["--name"])["state"] == "Running":
            self.finish(options["--name"])

    def deployment_operation_group_list(self, options):
        found = self.state["operations"][options["--name"]]
        return [{"properties": {"targetResource": {"id": SUBSCRIPTION + each} if each else None}} for each in found]

    def finish(self, name):
        self.state["deployments"][name]["state"] = "Succeeded"
        made = [SUBSCRIPTION + each for each in self.state["makes"]]
        self.state["resources"] += [each for each in made if each not in self.state["resources"]]
        self.state["app"]["there"] = True

    def deployment(self, name):
        if name not in self.state["deployments"]:
            raise Refused(f"(DeploymentNotFound) Deployment '{name}' could not be found.", 3)
        return self.state["deployments"][name]

    def parameters(self, options):
        self.group(options["--resource-group"])
        template = json.loads(read(options["--template-file"]))
        found = {}
        for each in options["--parameters"]:
            name, equals, value = each.partition("=")
            if equals:
                found[name] = value
            else:
                found["file"] = json.loads(read(name))
        return {"template": template, **found}

    # --- the vault

    def keyvault_secret_show(self, options):
        self.reach("vault", options)
        versions = self.secrets(options)
        if options["--name"] in self.state["vault"]["deleted"] or not versions:
            raise Refused(
                f"(SecretNotFound) A secret with (name/id) {options['--name']} was not found in this key vault. If you "
                "recently deleted this secret you may be able to recover it using the correct recovery command.",
                3,
            )
        return {"id": f"https://vault/secrets/{options['--name']}/{len(versions)}", "value": versions[-1]}

    def keyvault_secret_set(self, options):
        self.reach("vault", options)
        if options["--name"] in self.state["vault"]["deleted"]:
            raise Refused("(Conflict) Secret is in a deleted but recoverable state. ObjectIsDeletedButRecoverable")
        value = read(options["--file"]).decode()
        if len(value) < 32 or value.strip() != value:
            sys.exit(64)
        self.state["vault"]["secrets"].setdefault(options["--name"], []).append(value)
        return {"value": value}

    def keyvault_show(self, options):
        self.there(self.state["outputs"]["keyVaultName"], options["--name"])
        return {"properties": {"softDeleteRetentionInDays": 90}}

    def keyvault_delete(self, options):
        self.delete(options["--name"])

    def secrets(self, options):
        return self.state["vault"]["secrets"].get(options["--name"], [])

    # --- blobs

    def storage_blob_show(self, options):
        return {"metadata": self.blob(options)["metadata"]}

    def storage_blob_exists(self, options):
        return {"exists": options["--name"] in self.container(options)}

    def storage_blob_list(self, options):
        blobs = self.container(options).items()
        return [{"name": name, "properties": {"creationTime": each["made"]}} for name, each in blobs]

    def storage_blob_download(self, options):
        write(options["--file"], base64.b64decode(self.blob(options)["content"]))

    def storage_blob_upload(self, options):
        container, name = self.container(options), options["--name"]
        if name in container and "--overwrite" not in options:
            raise Refused("The specified blob already exists.\nErrorCode:BlobAlreadyExists")
        metadata = dict([options["--metadata"].split("=")]) if "--metadata" in options else {}
        content = base64.b64encode(read(options["--file"])).decode()
        made = f"2026-11-{1 + len(container):02}T10:00:00+00:00"
        container[name] = {"content": content, "metadata": metadata, "made": made}

    def blob(self, options):
        container = self.container(options)
        if options["--name"] not in container:
            raise Refused("The specified blob does not exist.\nErrorCode:BlobNotFound", 3)
        return container[options["--name"]]

    def container(self, options):
        if options["--auth-mode"] != "login":
            sys.exit(64)
        account = options["--account-name"]
        self.reach("data" if account == self.state["outputs"]["dataAccountName"] else "host", options)
        containers = self.state["containers"][account]
        if options["--container-name"] not in containers:
            raise Refused("The specified container does not exist.\nErrorCode:ContainerNotFound", 3)
        return containers[options["--container-name"]]

    def reach(self, what, options):
        """Whether a data plane lets the caller in: by network, then by role."""
        wanted = {"vault": "keyVaultName", "data": "dataAccountName", "host": "hostAccountName"}[what]
        if self.state["outputs"][wanted] != options.get("--vault-name", options.get("--account-name")):
            raise Refused("Max retries exceeded: Failed to establish a new connection: Name or service not known")
        network = self.state["network"]
        if network == "private":
            raise Refused(
                "(Forbidden) Public network access is disabled and request is not from a trusted service nor via an "
                'approved private link.\nInner error: {"code": "ForbiddenByConnection"}'
                if what == "vault"
                else "The request may be blocked by network rules of storage account."
            )
        if network == "down":
            raise Refused("Max retries exceeded: Failed to resolve 'x.vault.azure.net' (Name or service not known)")
        if self.state["heeded_after"][what] > 0:
            self.state["heeded_after"][what] -= 1
            raise Refused(
                '(Forbidden) Caller is not authorized to perform action.\nInner error: {"code": "ForbiddenByRbac"}'
                if what == "vault"
                else "You do not have the required permissions needed to perform this operation."
            )

    # --- the app

    def functionapp_deployment_source_config_zip(self, options):
        app = self.app(options)
        if options["--build-remote"] != "false":
            sys.exit(64)
        if app["publishing"] > 0:
            app["publishing"] -= 1
            raise Refused("There may be an ongoing deployment. Please track your deployment in https://scm/")
        app["published"] = base64.b64encode(read(options["--src"])).decode()
        if app["unhealthy"]:
            raise Refused("Deployment was successful but the app appears to be unhealthy. Please check the app logs.")

    def functionapp_keys_list(self, options):
        app = self.running(options)
        return {"masterKey": app["master"], "functionKeys": app["keys"] or None, "systemKeys": {}}

    def functionapp_keys_set(self, options):
        app = self.running(options)
        if options["--key-type"] != "functionKeys" or "--key-value" in options:
            sys.exit(64)
        app["keys"][options["--key-name"]] = f"KEY{os.urandom(16).hex()}"
        return {"value": app["keys"][options["--key-name"]]}

    def functionapp_keys_delete(self, options):
        del self.running(options)["keys"][options["--key-name"]]

    def app(self, options):
        self.group(options["--resource-group"])
        if not self.state["app"]["there"] or options["--name"] != self.state["outputs"]["functionAppName"]:
            raise Refused("(ResourceNotFound) The Resource 'Microsoft.Web/sites/x' was not found.", 3)
        return self.state["app"]

    def running(self, options):
        app = self.app(options)
        if app["host_starting"] > 0:
            app["host_starting"] -= 1
            raise Refused("Operation returned an invalid status 'Bad Request'")
        return app

    # --- deleting

    def resource_list(self, options):
        self.group(options["--resource-group"])
        # Azure is not of one mind about upper case.
        return [{"id": each.replace("resourceGroups", "resourcegroups")} for each in self.state["resources"]]

    def resource_delete(self, options):
        (wanted,) = options["--ids"]
        if wanted.lower() in (each.lower() for each in self.state["in_use"]):
            self.state["in_use"] = []
            raise Refused("(InUseSubnetCannotBeDeleted) Subnet app is in use and cannot be deleted.")
        self.delete(wanted.split("/")[-1])
        if "/sites/" in wanted:
            self.state["app"]["there"] = False

    def consumption_budget_delete(self, options):
        self.group(options["--resource-group"])
        if options["--budget-name"] not in self.state["budgets"]:
            raise Refused("(404) Budget with name does not exist.", 3)
        self.state["budgets"].remove(options["--budget-name"])

    def role_assignment_list(self, options):
        return [{"id": each} for each in self.state["roles"].get(options["--assignee-object-id"], [])]

    def role_assignment_delete(self, options):
        for roles in self.state["roles"].values():
            for each in options["--ids"]:
                if each in self.state["locked"]:
                    raise Refused("(ScopeLocked) The scope cannot perform delete operation because it is locked.")
                if each in roles:
                    roles.remove(each)

    def lock_list(self, _):
        return [{"id": each} for each in self.state["locks"]]

    def lock_delete(self, options):
        for each in options["--ids"]:
            self.state["locks"].remove(each)

    def storage_account_blob_service_properties_show(self, options):
        self.there(self.state["outputs"]["dataAccountName"], options["--account-name"])
        return {"deleteRetentionPolicy": {"days": 14}}

    def storage_container_immutability_policy_show(self, options):
        self.there(self.state["outputs"]["dataAccountName"], options["--account-name"])
        return {"immutabilityPeriodSinceCreationInDays": 2192}

    def storage_container_rm_delete(self, options):
        self.there(self.state["outputs"]["dataAccountName"], options["--storage-account"])
        self.state["containers"][options["--storage-account"]].pop(options["--name"], None)

    def storage_account_delete(self, options):
        self.there(self.state["outputs"]["dataAccountName"], options["--name"])
        if self.state["audited"]:
            raise Refused("(ContainerProtectedFromDeletion) The account has containers with an immutability policy.")
        self.delete(options["--name"])

    def there(self, name, wanted):
        if name != wanted or not any(each.endswith("/" + wanted) for each in self.state["resources"]):
            raise Refused(f"(ResourceNotFound) The Resource '{wanted}' was not found.", 3)

    def delete(self, name):
        self.there(name, name)
        for lock in self.state["locks"]:
            if f"/{name}/" in lock:
                raise Refused("(ScopeLocked) The scope cannot perform delete operation because it is locked.")
        self.state["resources"] = [each for each in self.state["resources"] if not each.endswith("/" + name)]

    def group(self, name):
        if name != "clinic":
            raise Refused(f"(ResourceGroupNotFound) Resource group '{name}' could not be found.", 3)

    # --- Microsoft Graph, as grant-graph-permissions.sh asks it

    def graph(self, path, options):
        graph = self.state["graph"]
        assignments = f"servicePrincipals/{self.state['outputs']['identityPrincipalId']}/appRoleAssignments"
        if path.startswith(f"servicePrincipals(appId='{GRAPH_APP}')"):
            return {"id": graph["id"], "appRoles": [{"id": each} for each in graph["offers"]]}
        if path != assignments:
            sys.exit(64)
        if graph["known_after"] > 0:
            graph["known_after"] -= 1
            raise Refused('Not Found({"error":{"code":"Request_ResourceNotFound","message":"It does not exist."}})')
        if options["--method"] == "GET":
            return {"value": graph["assigned"]}
        if graph["denies"]:
            raise Refused('Forbidden({"error":{"code":"Authorization_RequestDenied","message":"Insufficient."}})')
        graph["assigned"].append(json.loads(options["--body"]))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def understood(arguments):
    command = []
    while arguments and not arguments[0].startswith("-"):
        command.append(arguments.pop(0))
    options = {}
    while arguments:
        option = arguments.pop(0)
        if option in NO_VALUE:
            options[option] = True
        elif option in MANY_VALUES:
            options[option] = []
            while arguments and not arguments[0].startswith("-"):
                options[option].append(arguments.pop(0))
        else:
            options[option] = arguments.pop(0)
    return "_".join(command).replace("-", "_"), options


def record(arguments):
    files = [f"{FOLDER}/calls.jsonl"]
    folder = os.environ.get("AZ_RECORD")
    if folder:
        os.makedirs(folder, exist_ok=True)
        files.append(f"{folder}/{os.path.basename(FOLDER).lstrip('.')}.jsonl")
    for file in files:
        with open(file, "a", encoding="utf-8") as calls:
            calls.write(json.dumps(arguments) + "\n")


def answer(command, options, state):
    if not state["logged_in"] and command != "version":
        raise Refused("Please run 'az login' to setup account.")
    found = getattr(Subscription(state), command, None)
    if found is None:
        print(f"the subscription does not know `{command}`", file=sys.stderr)
        sys.exit(64)
    return found(options)


def cell(value):
    """As az has it in its TSV: nothing is `None`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def show(found, options):
    if "--query" in options:
        import jmespath

        found = jmespath.search(options["--query"], found)
    match options.get("--output"):
        case "none":
            return
        case "tsv":
            for row in found if isinstance(found, list) else [found]:
                print("\t".join(cell(each) for each in (row if isinstance(row, list) else [row])))
        case _:
            print(found if isinstance(found, str) else json.dumps(found))


def main(arguments):
    record(arguments)
    state = json.loads(read(f"{FOLDER}/state.json"))
    before = json.dumps(state)
    state["calls"] += 1
    command, options = understood(list(arguments))
    refused = None
    try:
        found = answer(command, options, state)
    except Refused as error:
        refused = error
    with open(f"{FOLDER}/wrote.jsonl", "a", encoding="utf-8") as wrote:
        wrote.write(json.dumps(json.dumps(state | {"calls": state["calls"] - 1}) != before) + "\n")
    write(f"{FOLDER}/state.json.unfinished", json.dumps(state))
    os.replace(f"{FOLDER}/state.json.unfinished", f"{FOLDER}/state.json")
    if state["calls"] == int(os.environ.get("KILL_AFTER", "0")):
        os.killpg(0, signal.SIGKILL)
    if refused:
        print(f"ERROR: {refused}", file=sys.stderr)
        return refused.code
    if found is not None:
        show(found, options)
    return 0


sys.exit(main(sys.argv[1:]))
