"""Completeness: names, modules, parameters, and the two steps of a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.infra.bicep import File, Module, string_of, text_of, walk
from tests.infra.project import Infra


def check_syntax(infra: Infra) -> list[str]:
    return [error for file in infra.files.values() for error in file.errors()]


def check_names(infra: Infra) -> list[str]:
    """Every name is declared, every parameter and variable is used, every loaded file exists."""
    problems = [problem for file in infra.files.values() for problem in (*file.unresolved(), *file.unused())]
    for file in infra.files.values():
        problems += [
            f"{file.name}: there is no {name} to load"
            for name in _loaded(file)
            if not (file.path.parent / name).exists()
        ]
    return problems


def _loaded(file: File) -> Iterator[str]:
    for node in walk(file.root):
        if node.type == "call_expression" and text_of(node.named_children[0]).startswith("load"):
            yield string_of(node.named_children[1].named_children[0])


def check_modules(infra: Infra) -> list[str]:
    """Modules exist, get all required parameters and no others, and have the outputs that are read."""
    problems, reached = [], {"main.bicep", "subscriptions.bicep"}
    for file in infra.files.values():
        for module in file.modules.values():
            target = infra.files.get(Path(module.path).name)
            if target is None or not (file.path.parent / module.path).exists():
                problems.append(f"{file.name}: there is no {module.path}")
                continue
            reached.add(target.name)
            problems += _params_of(file, module, target)
        for symbol, output in file.outputs_read():
            target = infra.files.get(Path(file.modules[symbol].path).name)
            if target is not None and output not in target.outputs:
                problems.append(f"{file.name}: {target.name} has no output {output}")
    return problems + [f"no module deploys {name}" for name in infra.files.keys() - reached]


def _params_of(file: File, module: Module, target: File) -> list[str]:
    given = set(module.params.properties)
    needed = {name for name, param in target.params.items() if param.default is None}
    where = f"{file.name}, module {module.symbol}"
    return [f"{where}: {name} is missing" for name in sorted(needed - given)] + [
        f"{where}: {target.name} takes no {name}" for name in sorted(given - set(target.params))
    ]


def check_parameters(infra: Infra) -> list[str]:
    """Parameters are described, can be set with azd, and have the same defaults there and in Bicep."""
    problems = [
        f"{file.name}: parameter {param.name} is not described"
        for file in infra.files.values()
        for param in file.params.values()
        if not param.decorators.get("description")
    ]
    declared = infra.files["main.bicep"].params
    problems += [f"main.parameters.json: main.bicep takes no {name}" for name in infra.parameters.keys() - declared]
    problems += [f"main.parameters.json: {name} cannot be set" for name in declared.keys() - infra.parameters.keys()]
    for name in declared.keys() & infra.parameters.keys():
        default = declared[name].default
        if default is None:
            continue
        _, _, given = str(infra.parameters[name]["value"]).strip("${}").partition("=")
        if given != string_of(default):
            problems.append(f"main.parameters.json: {name} is {given!r} by default, in main.bicep {string_of(default)}")
    return problems


def check_second_step(infra: Infra) -> list[str]:
    """The hook reads outputs of the first step, and passes parameters of the second."""
    problems = []
    outputs = set(infra.files["main.bicep"].outputs)
    for hook in ("postdeploy.sh", "postdeploy.ps1"):
        text = (infra.root / "infra/hooks" / hook).read_text()
        given = dict(re.findall(r"(\w+)=\"?\$(?:env:)?\{?(\w+)", text[text.index("--parameters") :]))
        taken = infra.files["subscriptions.bicep"].params
        problems += [f"{hook}: subscriptions.bicep takes no {name}" for name in given.keys() - taken]
        problems += [
            f"{hook}: {name} is not given" for name, p in taken.items() if p.default is None and name not in given
        ]
        chosen = {"RESOURCE_ACCOUNTS", "CLIENT_CALLS"}  # a choice of the user's, in azd's environment like an output
        problems += [f"{hook}: {name} is no output" for name in set(given.values()) - outputs - chosen]
        problems += [f"{hook} does not check {name}" for name in set(given.values()) - chosen if text.count(name) < 2]
    if "azd-service-name': 'app'" not in infra.files["function.bicep"].source.decode():
        problems.append("azd does not find the service app: function.bicep lacks its tag")
    return problems


CHECKS = (check_syntax, check_names, check_modules, check_parameters, check_second_step)
