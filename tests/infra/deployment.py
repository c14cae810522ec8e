#!/usr/bin/env python3
"""Prints as JSON what main.bicep of a folder comes to: for several sets of parameters every resource with its
properties, and whatever is wrong with the files.

  --models          also hold every property against Azure's own models, which takes some seconds
  --templates DIR   also write an ARM template for each set of parameters, as the compiler would make it but with every
                    value worked out, for programs that read those
"""

import argparse
import json
import re
from pathlib import Path

import arm
import bicep

# https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions-deployment#environment: the parts of it
# that infra/ reads.
PUBLIC = {
    "name": "AzureCloud",
    "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"},
}
US_GOVERNMENT = {
    "name": "AzureUSGovernment",
    "authentication": {"loginEndpoint": "https://login.microsoftonline.us/"},
    "suffixes": {"storage": "core.usgovcloudapi.net", "keyvaultDns": ".vault.usgovcloudapi.net"},
}

DEPLOYER = "00000000-0000-4000-8000-00000000000d"

SCENARIOS = {
    "least": ({"name": "scheduler"}, PUBLIC),
    "everything": (
        {
            "name": "Harbor-Clinics",
            "deployerPrincipalId": DEPLOYER,
            "deployerPrincipalType": "Group",
            "privateNetwork": True,
            "ledgerRedundancy": "Standard_GZRS",
            "maximumInstanceCount": 100,
            "alwaysReadyInstances": 2,
            "zoneRedundant": True,
            "alertEmails": ["operators@example.org"],
            "monthlyBudget": 300,
            "allowedCallers": ["203.0.113.0/24", "AzureCloud.westus2"],
            "callerTenantId": "00000000-0000-4000-8000-00000000000e",
            "callerAudience": "api://scheduler",
            "callerClientIds": [f"00000000-0000-4000-8000-0000000000f{i}" for i in range(2)],
            "graphCredential": "federated",
            "extraAppSettings": {"LOG": "debug", "STORE": "sqlite:elsewhere.db"},
            "tags": {"clinic": "harbor"},
        },
        PUBLIC,
    ),
    "government": (
        {"name": "scheduler", "privateNetwork": True, "ledgerRedundancy": "Standard_LRS", "deleteLocks": False},
        US_GOVERNMENT,
    ),
    "locked": ({"name": "scheduler", "auditRetentionLocked": True, "recoverVault": True}, PUBLIC),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", action="store_true")
    parser.add_argument("--templates", type=Path)
    options = parser.parse_args()
    folder = options.folder.resolve()
    problems, files = read_all(folder)
    scenarios = {}
    if not problems:
        for file in files.values():
            problems += bicep.wrong_names(file)
        for name, (parameters, cloud) in SCENARIOS.items():
            scenarios[name], found = deployed(files, folder / "main.bicep", parameters, cloud, options.models)
            problems += [problem for problem in found if problem not in problems]
        problems += never_deployed(files, scenarios)
        problems += parameter_file(folder, files)
    if options.templates:
        for name, scenario in scenarios.items():
            write_template(options.templates / f"{name}.json", scenario["resources"])
    print(json.dumps({"problems": problems, "scenarios": scenarios}))


def read_all(folder):
    problems, files = [], {}
    for path in sorted(folder.rglob("*.bicep")):
        try:
            files[path] = bicep.read(path)
        except bicep.Wrong as wrong:
            problems.append(str(wrong))
    return problems, files


def deployed(files, main_file, parameters, cloud, models):
    def file_at(path):
        if path not in files:
            raise bicep.Wrong(f"there is no module {path.name}")
        return files[path]

    deployment = bicep.Deployment(file_at, files[main_file], parameters, cloud)
    resources, problems = deployment.run()
    for resource in resources:
        problems += arm.version_problems(resource) or (arm.problems_of(resource) if models else [])
    ids = [resource.id for resource in resources]
    problems += [f"two resources are {id}" for id in set(ids) if ids.count(id) > 1]
    outputs = {name: deployment.worked_out.get(f"output {name}") for name in deployment.file.outputs}
    return {"resources": [vars(resource) for resource in resources], "outputs": outputs}, problems


def write_template(path, resources):
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
            {
                "type": resource["type"],
                "apiVersion": resource["version"],
                "name": "/".join(resource["id"].rpartition("/providers/")[2].split("/")[2::2]),
                **resource["body"],
            }
            for resource in resources
        ],
    }
    path.write_text(json.dumps(template, indent=1), encoding="utf-8")


def never_deployed(files, scenarios):
    """What no scenario deploys was not looked at."""
    seen = {resource["file"] for scenario in scenarios.values() for resource in scenario["resources"]}
    problems = []
    for file in files.values():
        for name, (node, _) in file.resources.items():
            existing = any(child.type == "existing" for child in node.children)
            if not existing and file.at(node) not in seen:
                problems.append(f"{file.at(node)}: `{name}` is deployed in no scenario")
    used = {
        (file.path.parent / file.text(next(c for c in node.named_children if c.type == "string")).strip("'")).resolve()
        for file in files.values()
        for node in file.modules.values()
    }
    return problems + [
        f"{path.name}: no file uses this module" for path in files if path.name != "main.bicep" and path not in used
    ]


def parameter_file(folder, files):
    """The grammar does not know parameter files: as variables they are read like any Bicep."""
    path = folder / "main.bicepparam"
    text = path.read_text(encoding="utf-8")
    if "using 'main.bicep'" not in text:
        return [f"{path.name}: does not say `using 'main.bicep'`"]
    as_bicep = re.sub(r"^param ", "var ", re.sub(r"^using .*$", "", text, flags=re.M), flags=re.M)
    root = bicep.PARSER.parse(as_bicep.encode()).root_node
    if root.has_error:
        return [f"{path.name}: cannot be parsed"]
    named = set(re.findall(r"^param (\w+) =", text, flags=re.M))
    params = files[folder / "main.bicep"].params
    required = {name for name, parameter in params.items() if parameter.default is None}
    return [f"{path.name}: main.bicep has no parameter `{name}`" for name in sorted(named - set(params))] + [
        f"{path.name}: `{name}` is missing" for name in sorted(required - named)
    ]


if __name__ == "__main__":
    main()
