"""Reads Bicep with tree-sitter, and works out what a deployment would consist of.

There is no Bicep compiler where these tests run. This notices what it would notice first: syntax, names that nobody
declares or uses, parameters and outputs of modules that do not fit together, types and limits of parameters, cycles,
and what is asked for before it can be known. It knows the language as far as infra/ uses it, and reports what it does
not know rather than pass over it.
"""

import ipaddress
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter
import tree_sitter_bicep

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/clinic"
TENANT = "00000000-0000-4000-8000-000000000002"


class Wrong(Exception):
    """What the compiler would refuse."""


# --- files


@dataclass
class File:
    path: Path
    source: bytes
    root: object
    params: dict = field(default_factory=dict)
    variables: dict = field(default_factory=dict)
    resources: dict = field(default_factory=dict)
    modules: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)

    def text(self, node):
        return self.source[node.start_byte : node.end_byte].decode()

    def at(self, node):
        return f"{self.path.name}:{node.start_point[0] + 1}"

    def declares(self, name):
        return any(name in kind for kind in (self.params, self.variables, self.resources, self.modules))


@dataclass
class Parameter:
    node: object
    type: str
    default: object
    decorators: dict


def read(path):
    """The declarations of a file. Raises `Wrong` with every place where it cannot be parsed."""
    source = path.read_bytes()
    root = PARSER.parse(source).root_node
    file = File(path, source, root)
    errors = [f"{file.at(node)}: cannot be parsed" for node in walk(root) if node.type == "ERROR" or node.is_missing]
    if errors:
        raise Wrong("\n".join(errors))

    decorators = {}
    for node in root.named_children:
        if node.type == "decorators":
            decorators = read_decorators(file, node)
            continue
        match node.type:
            case "comment" | "target_scope_assignment":
                continue
            case "parameter_declaration":
                declare(file, file.params, node, read_parameter(file, node, decorators))
            case "variable_declaration":
                declare(file, file.variables, node, value_of(node))
            case "resource_declaration":
                declare_resource(file, node, None)
            case "module_declaration":
                declare(file, file.modules, node, node)
            case "output_declaration":
                declare(file, file.outputs, node, (declared_type(file, node), value_of(node)))
            case other:
                raise Wrong(f"{file.at(node)}: a {other} is not known to this test")
        decorators = {}
    return file


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def name_of(file, node):
    return file.text(next(child for child in node.named_children if child.type == "identifier"))


def value_of(node):
    """What stands behind `=`."""
    at = next((i for i, child in enumerate(node.children) if child.type == "="), None)
    return None if at is None else node.children[at + 1]


def declared_type(file, node):
    kind = next((child for child in node.named_children if child.type == "type"), None)
    return None if kind is None else file.text(kind)


def declare(file, kind, node, value):
    name = name_of(file, node)
    # Outputs have names of their own.
    taken = name in kind if kind is file.outputs else file.declares(name)
    if taken:
        raise Wrong(f"{file.at(node)}: `{name}` is declared twice")
    kind[name] = value


def declare_resource(file, node, parent):
    declare(file, file.resources, node, (node, parent))
    for inner in node.named_children:
        for item in walk(inner):
            if item.type == "resource_declaration":
                declare_resource(file, item, name_of(file, node))


def read_decorators(file, node):
    found = {}
    for decorator in node.named_children:
        call = decorator.named_children[0]
        arguments = next(child for child in call.named_children if child.type == "arguments")
        found[name_of(file, call)] = arguments.named_children[0] if arguments.named_children else None
    return found


def read_parameter(file, node, decorators):
    return Parameter(node, declared_type(file, node), value_of(node), decorators)


# --- what a name stands for while it is worked out


@dataclass
class Resource:
    """Also what an expression means by it: its id, its name, and what Azure tells once it is there."""

    file: str
    symbol: str
    type: str
    version: str
    name: str
    id: str
    scope: str
    existing: bool
    body: dict

    def member(self, name, cloud):
        match name:
            case "id":
                return self.id
            case "name":
                return self.name
            case "properties":
                return Runtime(self, (), cloud)
        raise Wrong(f"`.{name}` of a resource is not known to this test")


@dataclass
class Runtime:
    """What only Azure can tell. `told` has all that infra/ asks for, so that a misspelt name is noticed."""

    resource: Resource
    path: tuple
    cloud: dict

    def member(self, name, cloud):
        path = (*self.path, name)
        told = self.told()
        key = (self.resource.type, ".".join(path))
        if key in told:
            return told[key]
        if any(kind == self.resource.type and known.startswith(".".join(path) + ".") for kind, known in told):
            return Runtime(self.resource, path, cloud)
        raise Wrong(f"nothing is known of `properties.{'.'.join(path)}` of {self.resource.type}")

    def told(self):
        name, storage = self.resource.name, self.cloud["suffixes"]["storage"]
        identity = "Microsoft.ManagedIdentity/userAssignedIdentities"
        account = "Microsoft.Storage/storageAccounts"
        return {
            (identity, "principalId"): "00000000-0000-4000-8000-00000000000a",
            (identity, "clientId"): "00000000-0000-4000-8000-00000000000b",
            (account, "primaryEndpoints.blob"): f"https://{name}.blob.{storage}/",
            (account, "primaryEndpoints.queue"): f"https://{name}.queue.{storage}/",
            (account, "primaryEndpoints.table"): f"https://{name}.table.{storage}/",
            ("Microsoft.Insights/components", "ConnectionString"): f"InstrumentationKey=of-{name}",
            ("Microsoft.Network/publicIPAddresses", "ipAddress"): "203.0.113.7",
            ("Microsoft.Web/sites", "defaultHostName"): f"{name}.azurewebsites.example",
        }


@dataclass
class Module:
    deployment: object

    def member(self, name, cloud):
        if name != "outputs":
            raise Wrong(f"`.{name}` of a module is not known to this test")
        return Outputs(self.deployment)


@dataclass
class Outputs:
    deployment: object

    def member(self, name, cloud):
        return self.deployment.output(name)


@dataclass
class Lambda:
    name: str
    body: object


class Absent:
    """A resource or module whose condition does not hold."""

    def member(self, name, cloud):
        raise Wrong(f"`.{name}` of what is not deployed here")


# --- deployments


class Deployment:
    """One file with its parameters, and through its modules the files below it."""

    def __init__(self, files, file, given, cloud, where="main"):
        self.files, self.file, self.cloud, self.where = files, file, cloud, where
        self.problems, self.used = [], set()
        self.worked_out, self.under_way = {}, []
        # Names, scopes, conditions and lists to loop over have to be known before anything is deployed.
        self.beforehand, self.asked_azure, self.late = False, False, set()
        self.params = self.bound(given)

    def run(self):
        """Every resource, of modules too."""
        for name in [*self.file.variables, *self.file.resources, *self.file.modules]:
            self.attempt(self.file.root, lambda name=name: self.named(name))
        for name in self.file.outputs:
            self.attempt(self.file.root, lambda name=name: self.output(name))
        resources, problems = [], list(self.problems)
        for name, value in self.worked_out.items():
            if name.startswith("output "):
                continue
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, Resource) and not item.existing:
                    resources.append(item)
                if isinstance(item, Module):
                    inner, more = item.deployment.run()
                    resources += inner
                    problems += more
        return resources, problems

    def attempt(self, node, work):
        try:
            return work()
        except Wrong as wrong:
            message = str(wrong)
            if not re.match(r"[\w-]+\.bicep:", message):
                message = f"{self.file.at(node)}: {message}"
            if message not in self.problems:
                self.problems.append(message)
            return None

    # --- parameters

    def bound(self, given):
        for name in given:
            if name not in self.file.params:
                self.problems.append(f"{self.file.path.name}: has no parameter `{name}`, which {self.where} is given")
        values = {}
        for name, parameter in self.file.params.items():
            if name in given:
                values[name] = given[name]
            elif parameter.default is None:
                self.problems.append(f"{self.file.at(parameter.node)}: `{name}` is not given to {self.where}")
                continue
            else:
                values[name] = self.attempt(parameter.node, lambda p=parameter: self.value(p.default, {}, default=True))
            self.attempt(parameter.node, lambda n=name, p=parameter: self.check_parameter(n, p, values[n]))
        return values

    def check_parameter(self, name, parameter, value):
        check_type(f"`{name}`", parameter.type, value)
        for limit, node in parameter.decorators.items():
            wanted = None if node is None else self.value(node, {})
            size = len(value) if isinstance(value, (str, list)) else value
            fits = {
                "description": lambda: True,
                "secure": lambda: True,
                "minLength": lambda: size >= wanted,
                "maxLength": lambda: size <= wanted,
                "minValue": lambda: size >= wanted,
                "maxValue": lambda: size <= wanted,
                "allowed": lambda: value in wanted,
            }
            if limit not in fits:
                raise Wrong(f"`@{limit}` is not known to this test")
            if not fits[limit]():
                raise Wrong(f"`{name}` is {value!r}, against its @{limit}")

    # --- names

    def named(self, name):
        self.used.add(name)
        if name in self.params:
            return self.params[name]
        if not self.file.declares(name):
            raise Wrong(f"`{name}` is not declared")
        if name in self.file.variables and name in self.late:
            self.ask_azure(f"`{name}`")
        if name in self.worked_out:
            return self.worked_out[name]
        if name in self.under_way:
            raise Wrong(f"`{name}` depends on itself: {' → '.join(self.under_way)}")
        self.under_way.append(name)
        asked, beforehand, self.asked_azure = self.asked_azure, self.beforehand, False
        # A resource that is named has a name beforehand, whatever its properties are.
        self.beforehand = beforehand and name in self.file.variables
        try:
            self.worked_out[name] = self.work_out(name)
        finally:
            self.under_way.pop()
            if self.asked_azure:
                self.late.add(name)
            self.asked_azure = asked or (self.asked_azure and name in self.file.variables)
            self.beforehand = beforehand
        return self.worked_out[name]

    def known_beforehand(self, node, scope):
        before, self.beforehand = self.beforehand, True
        try:
            return self.value(node, scope)
        finally:
            self.beforehand = before

    def ask_azure(self, what):
        if self.beforehand:
            raise Wrong(f"{what} is only known when it is deployed: too late for a name, scope, condition or loop")
        self.asked_azure = True

    def work_out(self, name):
        file = self.file
        if name in file.variables:
            return self.value(file.variables[name], {})
        if name in file.resources:
            node, parent = file.resources[name]
            return self.each(node, lambda body, scope: self.resource(name, node, parent, body, scope))
        if name in file.modules:
            node = file.modules[name]
            return self.each(node, lambda body, scope: self.module(name, node, body, scope))
        raise Wrong(f"`{name}` has no value")

    def output(self, name):
        if name not in self.file.outputs:
            raise Wrong(f"{self.file.path.name} has no output `{name}`")
        kind, node = self.file.outputs[name]
        key = f"output {name}"
        if key not in self.worked_out:
            value = self.value(node, {})
            check_type(f"output `{name}`", kind, value)
            self.worked_out[key] = value
        return self.worked_out[key]

    def each(self, node, make):
        """A declaration is one, one under a condition, or one for each of a list."""
        body = value_of(node)
        if body.type == "for_statement":
            return self.loop(body, {}, lambda inner, scope: self.conditional(inner, scope, make))
        return self.conditional(body, {}, make)

    def conditional(self, body, scope, make):
        if body.type != "if_statement":
            return make(body, scope)
        condition, inner = body.named_children
        holds = self.known_beforehand(condition, scope)
        if not isinstance(holds, bool):
            raise Wrong(f"{self.file.at(condition)}: a condition is a bool")
        return make(inner, scope) if holds else Absent()

    def loop(self, node, scope, make):
        *parameters, items, body = node.named_children
        names = [self.file.text(leaf) for parameter in parameters for leaf in leaves(parameter)]
        results = []
        for index, item in enumerate(self.known_beforehand(items, scope)):
            inner = {**scope, **dict(zip(names, (item, index)))}
            results.append(make(body, inner))
        return results

    # --- resources

    def resource(self, symbol, node, parent_symbol, body, scope):
        declared = self.file.text(next(c for c in node.named_children if c.type == "string")).strip("'")
        kind, _, version = declared.partition("@")
        fields = self.fields(body, scope, declares=True)
        parent = self.named(parent_symbol) if parent_symbol else fields.pop("parent", None)
        if parent_symbol:
            kind, version = f"{parent.type}/{kind}", version or parent.version
        if not version:
            raise Wrong(f"{self.file.at(node)}: `{symbol}` names no API version")
        attached = fields.pop("scope", None)
        fields.pop("dependsOn", None)
        name = fields.pop("name", None)
        if not isinstance(name, str):
            raise Wrong(f"{self.file.at(node)}: `{symbol}` has no name")
        if attached is not None and not isinstance(attached, Resource):
            raise Wrong(f"{self.file.at(node)}: the scope of `{symbol}` is no resource")
        if parent is not None and kind.rpartition("/")[0] != parent.type:
            raise Wrong(f"{self.file.at(node)}: {kind} is no child of {parent.type}")
        if parent is None and kind.count("/") > 1:
            raise Wrong(f"{self.file.at(node)}: `{symbol}` has no parent")
        if attached is None and kind.startswith("Microsoft.Authorization/"):
            raise Wrong(f"{self.file.at(node)}: `{symbol}` has no scope, and would be for the whole group")
        if parent is not None:
            own = f"{parent.id}/{kind.rpartition('/')[2]}/{name}"
        else:
            own = f"{attached.id if attached else GROUP}/providers/{kind}/{name}"
        existing = any(child.type == "existing" for child in node.children)
        if existing and fields:
            raise Wrong(f"{self.file.at(node)}: `{symbol}` exists, and is given properties")
        return Resource(
            self.file.at(node), symbol, kind, version, name, own, attached.id if attached else GROUP, existing, fields
        )

    def module(self, symbol, node, body, scope):
        path = self.file.text(next(c for c in node.named_children if c.type == "string")).strip("'")
        file = self.files((self.file.path.parent / path).resolve())
        fields = self.fields(body, scope, declares=True)
        for key in fields:
            if key not in ("name", "params", "dependsOn", "scope"):
                raise Wrong(f"{self.file.at(node)}: a module has no `{key}`")
        return Module(Deployment(self.files, file, fields.get("params", {}), self.cloud, f"`{symbol}`"))

    def fields(self, node, scope, declares=False):
        """Of an object, without the resources declared in it."""
        if node.type != "object":
            raise Wrong(f"{self.file.at(node)}: an object is expected")
        result = {}
        for item in node.named_children:
            if item.type == "comment":
                continue
            parts = [child for child in item.named_children if child.type != "comment"]
            if parts[0].type in ("resource_declaration", "decorators"):
                continue
            key = self.file.text(parts[0]) if parts[0].type == "identifier" else self.value(parts[0], scope)
            if key in result:
                raise Wrong(f"{self.file.at(item)}: `{key}` is given twice")
            early = declares and key in ("name", "scope", "parent")
            result[key] = (self.known_beforehand if early else self.value)(parts[1], scope)
        return result

    # --- expressions

    def value(self, node, scope, default=False):
        file = self.file
        parts = [child for child in node.named_children if child.type != "comment"]
        match node.type:
            case "string":
                return self.string(node, scope)
            case "number":
                return int(file.text(node))
            case "boolean":
                return file.text(node) == "true"
            case "null":
                return None
            case "identifier":
                name = file.text(node)
                return scope[name] if name in scope else self.named(name)
            case "parenthesized_expression":
                return self.value(parts[0], scope)
            case "object":
                return self.fields(node, scope)
            case "array":
                return [self.value(part, scope) for part in parts]
            case "for_statement":
                return self.loop(node, scope, lambda body, inner: self.value(body, inner))
            case "ternary_expression":
                condition = self.value(parts[0], scope)
                if not isinstance(condition, bool):
                    raise Wrong(f"{file.at(node)}: a condition is a bool")
                return self.value(parts[1 if condition else 2], scope)
            case "unary_expression":
                return not self.value(parts[0], scope)
            case "binary_expression":
                return self.binary(node, parts, scope)
            case "member_expression":
                return self.member(self.value(parts[0], scope), file.text(parts[1]))
            case "subscript_expression":
                return self.value(parts[0], scope)[self.value(parts[1], scope)]
            case "resource_expression":
                self.value(parts[0], scope)
                return self.named(file.text(parts[1]))
            case "lambda_expression":
                return Lambda(file.text(parts[0]), (parts[1], scope))
            case "call_expression":
                name = file.text(parts[0])
                arguments = [self.value(part, scope) for part in parts[1].named_children if part.type != "comment"]
                if name == "utcNow" and not default:
                    raise Wrong(f"{file.at(node)}: utcNow() is for defaults of parameters alone")
                return self.call(node, name, arguments)
        raise Wrong(f"{file.at(node)}: a {node.type} is not known to this test")

    def string(self, node, scope):
        if node.children[0].type == "'''":
            return self.file.text(node)[3:-3].removeprefix("\n")
        text = []
        for part in node.named_children:
            if part.type == "interpolation":
                value = self.value(part.named_children[0], scope)
                if not isinstance(value, (str, int)):
                    raise Wrong(f"{self.file.at(node)}: `{self.file.text(part)}` is no text")
                text.append(str(value).lower() if isinstance(value, bool) else str(value))
            elif part.type == "escape_sequence":
                text.append({"\\'": "'", "\\\\": "\\", "\\n": "\n"}[self.file.text(part)])
            else:
                text.append(self.file.text(part))
        return "".join(text)

    def binary(self, node, parts, scope):
        operator = next(child.type for child in node.children if not child.is_named)
        left = self.value(parts[0], scope)
        if operator == "&&":
            return left and self.value(parts[1], scope)
        if operator == "||":
            return left or self.value(parts[1], scope)
        if operator == "??":
            return left if left is not None else self.value(parts[1], scope)
        right = self.value(parts[1], scope)
        if operator in ("+", ">", "<", ">=", "<=") and not (isinstance(left, int) and isinstance(right, int)):
            raise Wrong(f"{self.file.at(node)}: `{operator}` is for numbers")
        operations = {
            "==": lambda: left == right,
            "!=": lambda: left != right,
            "+": lambda: left + right,
            ">": lambda: left > right,
            "<": lambda: left < right,
            ">=": lambda: left >= right,
            "<=": lambda: left <= right,
        }
        if operator not in operations:
            raise Wrong(f"{self.file.at(node)}: `{operator}` is not known to this test")
        return operations[operator]()

    def member(self, value, name):
        if isinstance(value, dict):
            if name not in value:
                raise Wrong(f"there is no `{name}` among {', '.join(map(str, value))}")
            return value[name]
        if isinstance(value, (Runtime, Outputs)):
            self.ask_azure(f"`.{name}`")
        if hasattr(value, "member"):
            return value.member(name, self.cloud)
        raise Wrong(f"`.{name}` of {value!r}")

    def call(self, node, name, arguments):
        functions = {
            "cidrSubnet": cidr_subnet,
            "contains": lambda where, what: what in where,
            "empty": lambda value: value is None or len(value) == 0,
            "environment": lambda: self.cloud,
            "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join(parts))),
            "items": lambda value: [{"key": key, "value": value[key]} for key in sorted(value)],
            "join": lambda values, between: between.join(values),
            "loadTextContent": self.load,
            "map": lambda values, function: [self.applied(function, value) for value in values],
            "replace": lambda text, old, new: text.replace(old, new),
            "resourceGroup": lambda: {"id": GROUP, "location": "westus2", "name": "clinic"},
            "string": str,
            "subscription": lambda: {"id": SUBSCRIPTION, "tenantId": TENANT},
            "subscriptionResourceId": lambda kind, *names: f"{SUBSCRIPTION}/providers/{kind}/{'/'.join(names)}",
            "take": lambda value, count: value[:count],
            "toLower": str.lower,
            "union": lambda *values: {key: value for each in values for key, value in each.items()},
            "uniqueString": lambda *parts: uuid.uuid5(uuid.NAMESPACE_URL, "|".join(parts)).hex[:13],
            "utcNow": lambda pattern: {"yyyy-MM-01": "2026-11-01"}[pattern],
        }
        if name not in functions:
            raise Wrong(f"{self.file.at(node)}: `{name}()` is not known to this test")
        try:
            return functions[name](*arguments)
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            raise Wrong(f"{self.file.at(node)}: {name}() cannot do that: {error}") from error

    def applied(self, function, value):
        body, scope = function.body
        return self.value(body, {**scope, function.name: value})

    def load(self, path):
        found = self.file.path.parent / path
        if not found.is_file():
            raise Wrong(f"`{path}` is not there")
        return found.read_text(encoding="utf-8")


def leaves(node):
    if node.named_child_count == 0:
        return [node]
    return [leaf for child in node.named_children for leaf in leaves(child)]


def cidr_subnet(prefix, length, index):
    subnets = list(ipaddress.ip_network(prefix).subnets(new_prefix=length))
    if index >= len(subnets):
        raise ValueError(f"{prefix} has no /{length} number {index}")
    return str(subnets[index])


def check_type(what, kind, value):
    fits = {
        "string": lambda: isinstance(value, str),
        "int": lambda: isinstance(value, int) and not isinstance(value, bool),
        "bool": lambda: isinstance(value, bool),
        "array": lambda: isinstance(value, list),
        "object": lambda: isinstance(value, dict),
    }
    if kind not in fits:
        raise Wrong(f"the type `{kind}` of {what} is not known to this test")
    if not fits[kind]():
        raise Wrong(f"{what} is no {kind}: {value!r}")


# --- what needs no values


def wrong_names(file):
    """Parameters and variables that nobody reads, and names that nobody declares, also in branches not taken."""
    problems, read_names = [], set()
    for node in walk(file.root):
        if node.type != "identifier" or is_declaration(node):
            continue
        name = file.text(node)
        read_names.add(name)
        if not name or file.declares(name) or name in local_names(file, node) or is_function_name(node):
            continue
        problems.append(f"{file.at(node)}: `{name}` is not declared")
    for kind in (file.params, file.variables):
        problems += [f"{file.path.name}: `{name}` is used by nobody" for name in kind if name not in read_names]
    return problems


def is_declaration(node):
    """The name that a declaration, a loop or a lambda introduces, and a key of an object."""
    parent = node.parent
    introduces = {
        "parameter_declaration",
        "variable_declaration",
        "resource_declaration",
        "module_declaration",
        "output_declaration",
    }
    first = parent.named_children[0].id == node.id if parent.named_children else False
    return (parent.type in introduces | {"object_property", "lambda_expression"} and first) or parent.type in (
        "loop_variable",
        "loop_enumerator",
        "type",
    )


def is_function_name(node):
    return node.parent.type in ("call_expression", "decorator") and node.parent.named_children[0].id == node.id


def local_names(file, node):
    names = set()
    while node is not None:
        if node.type == "for_statement":
            *parameters, _, _ = node.named_children
            names |= {file.text(leaf) for parameter in parameters for leaf in leaves(parameter)}
        if node.type == "lambda_expression":
            names.add(file.text(node.named_children[0]))
        node = node.parent
    return names
