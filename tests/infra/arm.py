"""Holds resources against Azure's own description of them: the models of Microsoft's management libraries for Python.

Each library speaks one API version, which infra/ has to name. Noticed are misspelt and read-only properties, missing
ones, wrong types, and values outside a list of known ones. Not noticed: what a region or a plan refuses, and limits
that are only written in prose.
"""

import enum
import importlib
import re
import typing
from dataclasses import dataclass
from pathlib import Path

# Resource type → API version, module, and the model that is sent to make one. Roles, locks and the like too.
MODELS = {
    "Microsoft.Authorization/locks": ("2020-05-01", "azure.mgmt.resource.locks", "ManagementLockObject"),
    "Microsoft.Authorization/roleAssignments": (
        "2022-04-01",
        "azure.mgmt.authorization.v2022_04_01",
        "RoleAssignmentCreateParameters",
    ),
    "Microsoft.Consumption/budgets": ("2024-08-01", "azure.mgmt.consumption", "Budget"),
    "Microsoft.Insights/actionGroups": ("2023-01-01", "azure.mgmt.monitor", "ActionGroupResource"),
    "Microsoft.Insights/components": (
        "2020-02-02",
        "azure.mgmt.applicationinsights.v2020_02_02",
        "ApplicationInsightsComponent",
    ),
    "Microsoft.Insights/scheduledQueryRules": ("2023-12-01", "azure.mgmt.monitor", "ScheduledQueryRuleResource"),
    "Microsoft.Insights/workbooks": ("2023-06-01", "azure.mgmt.applicationinsights.v2023_06_01", "Workbook"),
    "Microsoft.KeyVault/vaults": ("2024-11-01", "azure.mgmt.keyvault", "VaultCreateOrUpdateParameters"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("2024-11-30", "azure.mgmt.msi.v2024_11_30", "Identity"),
    "Microsoft.Network/natGateways": ("2025-05-01", "azure.mgmt.network", "NatGateway"),
    "Microsoft.Network/networkSecurityGroups": ("2025-05-01", "azure.mgmt.network", "NetworkSecurityGroup"),
    "Microsoft.Network/privateDnsZones": ("2024-06-01", "azure.mgmt.privatedns", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": (
        "2024-06-01",
        "azure.mgmt.privatedns",
        "VirtualNetworkLink",
    ),
    "Microsoft.Network/privateEndpoints": ("2025-05-01", "azure.mgmt.network", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": (
        "2025-05-01",
        "azure.mgmt.network",
        "PrivateDnsZoneGroup",
    ),
    "Microsoft.Network/publicIPAddresses": ("2025-05-01", "azure.mgmt.network", "PublicIPAddress"),
    "Microsoft.Network/virtualNetworks": ("2025-05-01", "azure.mgmt.network", "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": ("2025-07-01", "azure.mgmt.loganalytics", "Workspace"),
    "Microsoft.Storage/storageAccounts": ("2025-06-01", "azure.mgmt.storage", "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": (
        "2025-06-01",
        "azure.mgmt.storage",
        "BlobServiceProperties",
    ),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (
        "2025-06-01",
        "azure.mgmt.storage",
        "BlobContainer",
    ),
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": (
        "2025-06-01",
        "azure.mgmt.storage",
        "ImmutabilityPolicy",
    ),
    "Microsoft.Storage/storageAccounts/managementPolicies": (
        "2025-06-01",
        "azure.mgmt.storage",
        "ManagementPolicy",
    ),
    "Microsoft.Web/serverfarms": ("2025-05-01", "azure.mgmt.web", "AppServicePlan"),
    "Microsoft.Web/sites": ("2025-05-01", "azure.mgmt.web", "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": (
        "2025-05-01",
        "azure.mgmt.web",
        "CsmPublishingCredentialsPoliciesEntity",
    ),
}

# No library of Microsoft's for Python has this one beside the newer ones of azure.mgmt.monitor. From the reference:
# https://learn.microsoft.com/azure/templates/microsoft.insights/2021-05-01-preview/diagnosticsettings
DIAGNOSTIC_SETTINGS = "Microsoft.Insights/diagnosticSettings"
DIAGNOSTIC_SETTINGS_VERSION = "2021-05-01-preview"
# https://learn.microsoft.com/azure/azure-monitor/reference/logs-index: of the types that infra/ attaches one to.
DIAGNOSTIC_CATEGORIES = {
    "Microsoft.Storage/storageAccounts/blobServices": {"StorageRead", "StorageWrite", "StorageDelete", "Transaction"},
    "Microsoft.KeyVault/vaults": {"AuditEvent", "AzurePolicyEvaluationDetails", "AllMetrics"},
}

VERSIONS = {kind: version for kind, (version, _, _) in MODELS.items()} | {
    DIAGNOSTIC_SETTINGS: DIAGNOSTIC_SETTINGS_VERSION
}


@dataclass
class Property:
    """What stands under one name: a kind of value, or for names that group others, those."""

    kind: object = None
    inner: dict = None
    readonly: bool = False
    required: bool = False
    known: tuple = ()


def version_problems(resource):
    wanted = VERSIONS.get(resource.type)
    if wanted is None:
        return [f"{resource.file}: nothing is known here of {resource.type}"]
    if resource.version != wanted:
        return [f"{resource.file}: {resource.type} has the API version {resource.version}, not {wanted}"]
    return []


def problems_of(resource):
    where = f"{resource.file} ({resource.symbol})"
    if resource.type == DIAGNOSTIC_SETTINGS:
        return [f"{where}: {problem}" for problem in diagnostic_problems(resource)]
    version, module, model = MODELS[resource.type]
    models = importlib.import_module(f"{module}.models")
    if not speaks(module, version):
        return [f"{where}: the library {module} does not speak {version}"]
    known = properties(models, getattr(models, model))
    return [f"{where}: {problem}" for problem in compare(resource.body, known, models, "")]


def diagnostic_problems(resource):
    body = resource.body.get("properties", {})
    problems = [f"there is no `{key}`" for key in body if key not in ("workspaceId", "logs", "metrics")]
    kind = next((kind for kind in DIAGNOSTIC_CATEGORIES if provider(resource.scope) == kind), None)
    for entry in [*body.get("logs", []), *body.get("metrics", [])]:
        if set(entry) != {"category", "enabled"}:
            problems.append(f"{entry} is not a category with `enabled`")
        elif entry["category"] not in DIAGNOSTIC_CATEGORIES.get(kind, ()):
            problems.append(f"{entry['category']} is no category of {provider(resource.scope)}")
    return problems


def provider(id):
    """The type of what has this id."""
    namespace, *rest = id.rpartition("/providers/")[2].split("/")
    return "/".join([namespace, *rest[::2]])


def speaks(module, version):
    """Whether the installed library is of this API version: it is in the calls that it makes."""
    if module.endswith("v" + version.replace("-", "_")):
        return True
    folder = Path(next(iter(importlib.import_module(module).__path__)))
    sources = [*folder.glob("operations/*.py"), folder / "_configuration.py"]
    return any(f'"{version}"' in path.read_text(encoding="utf-8") for path in sources)


# --- models, of both generations of the libraries


def properties(models, model):
    if hasattr(model, "_attribute_map"):
        return older(models, model)
    return newer(models, model)


def is_model(kind):
    return any(base.__module__.endswith(("model_base", "serialization")) for base in getattr(kind, "__mro__", ()))


def older(models, model):
    tree = {}
    rules = getattr(model, "_validation", {})
    for attribute, entry in model._attribute_map.items():
        rule = rules.get(attribute, {})
        *groups, last = re.split(r"(?<!\\)\.", entry["key"])
        place = tree
        for group in groups:
            place = place.setdefault(group, Property(inner={})).inner
        place[last.replace("\\.", ".")] = Property(
            kind=entry["type"],
            readonly=rule.get("readonly", False),
            required=rule.get("required", False) and not rule.get("constant", False),
            known=known_values(model, attribute),
        )
    return tree


def known_values(model, attribute):
    """Older libraries have them only in words: `Known values are: "a", "b", and "c".`"""
    documented = " ".join((model.__doc__ or "").split())
    entry = re.search(rf":ivar {attribute}: (.*?)(?= :vartype| :ivar|$)", documented)
    listed = re.search(r"Known values are: (.*?\")\.", entry[1]) if entry else None
    return tuple(re.findall(r'"([^"]+)"', listed[1])) if listed else ()


def newer(models, model):
    model.__new__(model)  # which is when a model gets to know its fields
    own = vars(importlib.import_module(model.__module__))
    hints = typing.get_type_hints(model, globalns={**own, "_models": models})
    tree = {}
    for attribute, entry in model._attr_to_rest_field.items():
        kind = hints[attribute]
        optional = type(None) in typing.get_args(kind)
        visibility = entry._visibility
        tree[entry._rest_name] = Property(
            kind=kind, readonly=visibility == ["read"], required=not optional and visibility != ["read"]
        )
    return tree


# --- comparing


def compare(value, tree, models, path):
    problems = []
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        if key not in tree:
            near = [name for name in tree if name.lower() == key.lower()]
            problems.append(f"there is no `{here}`" + (f"; it is `{near[0]}`" if near else ""))
            continue
        known = tree[key]
        if known.readonly:
            problems.append(f"`{here}` can only be read")
        elif item is None:
            continue
        elif known.inner is not None:
            problems += compare(item, known.inner, models, here)
        else:
            problems += fits(item, known.kind, known.known, models, here)
    for key, known in tree.items():
        if known.required and value.get(key) is None:
            problems.append(f"`{path}.{key}` is missing" if path else f"`{key}` is missing")
    return problems


def fits(value, kind, known, models, path):
    if isinstance(kind, str):
        return fits_older(value, kind, known, models, path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        options = [option for option in arguments if option is not type(None)]
        enums = [option for option in options if isinstance(option, type) and issubclass(option, enum.Enum)]
        if enums:
            listed = {member.value for option in enums for member in option}
            return [] if value in listed else [f"`{path}` is {value!r}, none of {', '.join(sorted(map(str, listed)))}"]
        tried = [fits(value, option, known, models, path) for option in options]
        return min(tried, key=len)
    if origin in (list, typing.List):
        return each(value, lambda item, here: fits(item, arguments[0], (), models, here), path)
    if origin in (dict, typing.Dict):
        return each_named(value, lambda item, here: fits(item, arguments[1], (), models, here), path)
    if kind is typing.Any:
        return []
    if is_model(kind):
        return compare(value, properties(models, kind), models, path) if isinstance(value, dict) else [no(value, path)]
    return primitive(value, kind.__name__, path)


def fits_older(value, kind, known, models, path):
    if kind.startswith("["):
        return each(value, lambda item, here: fits_older(item, kind[1:-1], (), models, here), path)
    if kind.startswith("{"):
        return each_named(value, lambda item, here: fits_older(item, kind[1:-1], (), models, here), path)
    model = getattr(models, kind, None)
    if model is not None and hasattr(model, "_attribute_map"):
        return compare(value, properties(models, model), models, path) if isinstance(value, dict) else [no(value, path)]
    if model is not None and issubclass(model, enum.Enum):
        listed = {member.value for member in model}
        return [] if value in listed else [f"`{path}` is {value!r}, none of {', '.join(sorted(listed))}"]
    if known and isinstance(value, str) and value not in known:
        return [f"`{path}` is {value!r}, none of {', '.join(known)}"]
    return primitive(value, kind, path)


def each(value, check, path):
    if not isinstance(value, list):
        return [no(value, path)]
    return [problem for i, item in enumerate(value) for problem in check(item, f"{path}[{i}]")]


def each_named(value, check, path):
    if not isinstance(value, dict):
        return [no(value, path)]
    return [problem for key, item in value.items() for problem in check(item, f"{path}[{key}]")]


def primitive(value, kind, path):
    patterns = {"duration": r"P(T?\d+[DHMS])+", "timedelta": r"P(T?\d+[DHMS])+", "iso-8601": r"\d{4}-\d\d-\d\d.*"}
    if kind in patterns or kind == "datetime":
        pattern = patterns.get(kind, patterns["iso-8601"])
        return [] if isinstance(value, str) and re.fullmatch(pattern, value) else [no(value, path)]
    number = (int, float)
    kinds = {"str": str, "int": int, "long": int, "bool": bool, "float": number, "Decimal": number, "object": object}
    if kind not in kinds:
        return [f"`{path}` is of a kind that is not known here: {kind}"]
    right = isinstance(value, kinds[kind]) and (isinstance(value, bool) == (kind == "bool") or kind == "object")
    return [] if right else [no(value, path)]


def no(value, path):
    return f"`{path}` cannot be {value!r}"
