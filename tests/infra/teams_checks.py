"""What is held of infra/teams without PowerShell: the rules of its analyser (PSScriptAnalyzer) as far as the source
shows them, and that each cmdlet and parameter is documented (cmdlets.json). Each check returns what
is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.infra.powershell import Command, Function, Parameter, Script, keys_of, parsed

# "Approved Verbs for PowerShell Commands": those that are used here.
VERBS = {"Assert", "Format", "Get", "Grant", "New", "Remove", "Select", "Wait", "Write"}
# PSUseShouldProcessForStateChangingFunctions: functions with these verbs must declare SupportsShouldProcess.
CHANGING_VERBS = {"Grant", "New", "Remove", "Reset", "Restart", "Set", "Start", "Stop", "Sync", "Update"}
AUTOMATIC = {
    "_", "null", "true", "false", "psscriptroot", "pscmdlet", "psboundparameters", "whatifpreference",
    "erroractionpreference",
}  # fmt: skip
BY_POSITION = {"Where-Object", "ForEach-Object"}  # one script block, as everybody writes it
COMMON = {"verbose", "debug", "erroraction", "warningaction"}
FORBIDDEN = {"Write-Host", "Invoke-Expression", "ConvertTo-SecureString", "Out-Host", "Read-Host"}
SHARED = "Steps.ps1"
# What New-TeamsPhoneLine does, in this order; Remove-TeamsPhoneLine takes back what it can, in the reverse.
ORDER = {
    "New-TeamsPhoneLine.ps1": [
        "New-CsOnlineApplicationInstance",
        "Set-CsOnlineApplicationInstance",
        "Sync-CsOnlineApplicationInstance",
        "Sync-CsOnlineApplicationInstance",
        "Update-MgUser",
        "Set-MgUserLicense",
        "Grant-CsOnlineVoiceRoutingPolicy",
        "Set-CsPhoneNumberAssignment",
    ],
    "Remove-TeamsPhoneLine.ps1": [
        "Remove-CsPhoneNumberAssignment",
        "Set-MgUserLicense",
        "Sync-CsOnlineApplicationInstance",
        "Remove-MgUser",
    ],
}


class Teams:
    """infra/teams of the project, or of a copy of it."""

    def __init__(self, root: Path) -> None:
        folder = root / "infra/teams"
        self.scripts = {path.name: parsed(path.name, path.read_text()) for path in sorted(folder.glob("*.ps1"))}
        self.cmdlets: dict[str, Any] = json.loads((Path(__file__).parent / "cmdlets.json").read_text())["cmdlets"]

    @property
    def entries(self) -> Iterator[Script]:
        """The scripts that are run; what they share is not."""
        yield from (script for name, script in self.scripts.items() if name != SHARED)

    @cached_property
    def shared(self) -> dict[str, Function]:
        return {each.name: each for each in self.scripts[SHARED].functions}

    def own(self, script: Script) -> dict[str, Function]:
        return self.shared | {each.name: each for each in script.functions}


def check_syntax(teams: Teams) -> list[str]:
    """Also an error that the grammar accepts: statements beside begin, process or end."""
    problems = [f"{name}:{line}: cannot be parsed" for name, s in teams.scripts.items() for line in s.errors]
    for script in teams.scripts.values():
        first = script.top_level()
        blocks = {"begin", "process", "end"} & set(first)
        if blocks and set(first) != blocks:
            problems.append(f"{script.name}: statements stand beside {', '.join(sorted(blocks))}")
    return problems


def check_strictness(teams: Teams) -> list[str]:
    wanted = ("Set-StrictMode -Version Latest", "$ErrorActionPreference = 'Stop'", "#Requires -Version 7.2")
    return [f"{s.name}: {line} is missing" for s in teams.entries for line in wanted if line not in s.source]


def check_help(teams: Teams) -> list[str]:
    """Synopsis, description, examples that give the script what it takes, outputs, and a word on each parameter."""
    problems = []
    for script in teams.entries:
        itself = script.itself
        sections = re.findall(r"^\.(SYNOPSIS|DESCRIPTION|EXAMPLE|OUTPUTS)\s+\S", itself.help, re.MULTILINE)
        wanted = {"SYNOPSIS", "DESCRIPTION", "EXAMPLE", "OUTPUTS"}
        problems += [f"{script.name}: no {each} in its help" for each in sorted(wanted - set(sections))]
        documented = {each.lower() for each in re.findall(r"^\.PARAMETER (\w+)\n\S", itself.help, re.MULTILINE)}
        problems += [
            f"{script.name}: no word on -{p.name}" for key, p in itself.parameters.items() if key not in documented
        ]
        problems += [f"{script.name}: there is no -{each}" for each in sorted(documented - itself.parameters.keys())]
        if "-WhatIf" not in itself.help:
            problems.append(f"{script.name}: no example with -WhatIf")
    return problems + [
        f"{script.name}: no word on {each.name}"
        for script in teams.scripts.values()
        for each in script.functions
        if ".SYNOPSIS" not in each.help
    ]


def check_declarations(teams: Teams) -> list[str]:
    """Verbs, CmdletBinding and OutputType, ShouldProcess, types and validation of parameters."""
    problems = []
    for script in teams.scripts.values():
        declared = [*script.functions, *([script.itself] if script.name != SHARED else [])]
        for each in declared:
            where = f"{script.name}, {each.name}"
            verb = each.name.partition("-")[0]
            if verb not in VERBS:
                problems.append(f"{where}: {verb} is no approved verb")
            problems += [f"{where}: no {a}" for a in ("CmdletBinding", "OutputType") if a not in each.attributes]
            supports = "SupportsShouldProcess" in each.attributes.get("CmdletBinding", "")
            if supports != (verb in CHANGING_VERBS):
                problems.append(f"{where}: SupportsShouldProcess does not go with its verb")
            if supports and "$PSCmdlet.ShouldProcess(" not in script.source:
                problems.append(f"{where}: ShouldProcess is declared and not called")
            for parameter in each.parameters.values():
                problems += [f"{where}: -{parameter.name} {what}" for what in _parameter(parameter)]
    return problems


def _parameter(parameter: Parameter) -> Iterator[str]:
    if not parameter.type:
        yield "has no type"
    if "Parameter" not in parameter.attributes:
        yield "has no Parameter attribute"
    if re.search(r"password|secret|credential|token|apikey", parameter.name, re.IGNORECASE):
        yield "takes a secret as plain text"
    validated = any(name.startswith(("Validate", "Allow")) for name in parameter.attributes)
    if parameter.type.rstrip("[]") in {"string", "int", "object"} and not validated:
        yield "is not validated"
    if parameter.type == "switch" and parameter.default:
        yield "is a switch with a default"
    if parameter.mandatory and parameter.default:
        yield "is mandatory and has a default"


def check_commands(teams: Teams) -> list[str]:
    """Every command is documented or our own, and gets parameters that it has, by name."""
    return [
        f"{script.name}:{command.line}: {what}"
        for script in teams.scripts.values()
        for command in script.commands
        for what in check_command(teams, command, teams.own(script), script)
    ]


def check_command(
    teams: Teams, command: Command, own: dict[str, Function], script: Script | None = None
) -> Iterator[str]:
    """``own``: functions and scripts that can be called besides the cmdlets of the list."""
    if command.name in FORBIDDEN:
        yield f"{command.name} has no place here"
    if command.name not in own and command.name not in teams.cmdlets:
        yield f"{command.name} is no cmdlet of the list, or an alias"
        return
    takes, needs = _takes(teams, command, own.get(command.name))
    given = {key.lower(): value for key, value in command.given.items()}
    for name in command.splatted:
        keys = [key for source in (script.assigned.get(name, []) if script else []) for key in keys_of(source)]
        given |= dict.fromkeys(_lower(keys), "")
        if not keys:
            yield f"what @{name} gives cannot be seen"
    yield from (f"{command.name} has no -{name}" for name in sorted(given.keys() - takes))
    yield from (f"{command.name} lacks -{name}" for name in sorted(needs - given.keys()))
    if len(command.positional) > (command.name in BY_POSITION):
        yield f"{command.name} gets {command.positional} by position"
    for key, parameter in own[command.name].parameters.items() if command.name in own else ():
        value = given.get(key, "")
        if parameter.values and re.fullmatch(r"'[^']*'|\w+", value) and value.strip("'") not in parameter.values:
            yield f"{command.name} takes no {value} for -{parameter.name}"


def _takes(teams: Teams, command: Command, own: Function | None) -> tuple[set[str], set[str]]:
    """The parameters that a command has, and those that it must be given."""
    if own is None:
        known = teams.cmdlets[command.name]
        return _lower(known["parameters"]) | COMMON, _lower(known["mandatory"])
    common = {"whatif", "confirm"} if "SupportsShouldProcess" in own.attributes.get("CmdletBinding", "") else set()
    parameters = own.parameters.items()
    needs = {key for key, each in parameters if each.mandatory and not (command.piped and each.from_pipeline)}
    return own.parameters.keys() | common | COMMON, needs


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}


def check_changes(teams: Teams) -> list[str]:
    """Every change is in a branch that ShouldProcess guards."""
    return [
        f"{script.name}:{command.line}: {command.name} is not guarded by ShouldProcess"
        for script in teams.scripts.values()
        for command in script.commands
        if teams.cmdlets.get(command.name, {}).get("changes") and not command.guarded
    ]


def check_order(teams: Teams) -> list[str]:
    problems = []
    for name, wanted in ORDER.items():
        commands = teams.scripts[name].commands
        found = [each.name for each in commands if teams.cmdlets.get(each.name, {}).get("changes")]
        if found != wanted:
            problems.append(f"{name}: the steps are {found}")
    return problems


def check_waits(teams: Teams) -> list[str]:
    """Between the creation of an account and its first change the script waits until Teams lists the account."""
    source = teams.scripts["New-TeamsPhoneLine.ps1"].source
    created, changed = (source.find(f"$null = {verb}-CsOnlineApplicationInstance") for verb in ("New", "Set"))
    waited = source.find("$account = Wait-Result -Attempt { Get-CsOnlineApplicationInstance", created)
    return [] if 0 <= created < waited < changed else ["New-TeamsPhoneLine.ps1: does not wait for the new account"]


def check_modules(teams: Teams) -> list[str]:
    """The modules of all cmdlets that a script comes by are required at its head."""
    problems = []
    for script in teams.entries:
        used = {each.name for each in script.commands}
        shared = teams.scripts[SHARED].commands
        for function in (teams.shared[name] for name in used & teams.shared.keys()):
            start, end = function.node.start_byte, function.node.end_byte
            used |= {each.name for each in shared if start <= each.node.start_byte < end}
        modules = {teams.cmdlets[name]["module"] for name in used & teams.cmdlets.keys()}
        required = " ".join(re.findall(r"^#Requires -Modules (.+)", script.source, re.MULTILINE))
        named = set(re.findall(r"[\w.]+", required))
        problems += [
            f"{script.name}: {module} is not required"
            for module in sorted(modules - named)
            if not module.startswith("Microsoft.PowerShell.")
        ]
    return problems


def check_variables(teams: Teams) -> list[str]:
    """Strict mode refuses a variable without a value; a variable that is not read is a mistake."""
    problems = []
    for script in teams.scripts.values():
        parameters = {key for each in [script.itself, *script.functions] for key in each.parameters}
        known = parameters | script.assigned.keys() | AUTOMATIC
        read = script.read
        problems += [f"{script.name}:{line}: ${name} has no value" for name, line in read if name not in known]
        names = {name for name, _ in read}
        unread = (parameters | script.assigned.keys()) - names - {"null", "erroractionpreference"}
        problems += [f"{script.name}: ${name} is not read" for name in sorted(unread)]
    return problems


def check_text(teams: Teams) -> list[str]:
    """Without a byte order mark Windows PowerShell misreads anything but ASCII; and nothing secret is written down."""
    problems = []
    for script in teams.scripts.values():
        if not script.source.isascii():
            problems.append(f"{script.name}: not only ASCII")
        lines = enumerate(script.source.splitlines(), 1)
        problems += [
            f"{script.name}:{number}: white space at the end" for number, line in lines if line != line.rstrip()
        ]
        if re.search(r"AsPlainText|accesskey=|client_secret|PasswordCredential", script.source):
            problems.append(f"{script.name}: a secret in plain text")
        if re.search(r"-(?:eq|ne) \$null\b", script.source):
            problems.append(f"{script.name}: $null stands on the right of a comparison")
    return problems


# Ids that are written down, and where Microsoft's documentation has them. All others are looked up when a script runs.
IDS = {
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph: Microsoft Graph permissions reference",
    "1fd5118e-2576-4263-8130-9503064c837a": "ACS: Set up and create access tokens for Teams users",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI: Azure Stack Hub, enable multi-tenancy; and its own source",
}
# The permissions that the directory needs, by name, and what the API is made of.
REQUIRED = (
    "'TeamsResourceAccount.Read.All', 'CallDelegation.Read', 'User.ReadBasic.All', 'Chat.Create', 'Chat.ReadBasic'",
    "'Calendars.Read'",
    "@('TeamsResourceAccount.Read.All', 'LicenseAssignment.Read.All')",
    "TeamsExtension.ManageCalls",
    "'Agent', 'Supervisor', 'Administrator'",
    "'access_as_user'",
    "RequestedAccessTokenVersion = 2",
    "@{ Name = 'idtyp' }",
    "AccessToken = $claims",
    '$issuer = "https://login.microsoftonline.com/$($session.TenantId)/v2.0"',
    "Audiences     = @('api://AzureADTokenExchange')",
    'Subject       = "$AppPrincipalId"',
)


# These keep a run from changing another registration of the same name, and from revoking what an earlier run allowed.
KEPT = (
    "$own = @($found | Where-Object { $known -contains $_.AppId })",
    "if ($ids -notcontains $each) { throw",
    "elseif ($PSBoundParameters.ContainsKey('MultiTenant')) { $alone }",
    "-or -not $PSBoundParameters.ContainsKey('AllowAzureCli')",
    "if ($PSBoundParameters.ContainsKey('CustomTeamsClient')) { [bool]$CustomTeamsClient } else { $asksForIt }",
)


def check_registration(teams: Teams) -> list[str]:
    problems = []
    for script in teams.scripts.values():
        ids = re.findall(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", script.source, re.IGNORECASE)
        problems += [f"{script.name}: nothing documents the id {each}" for each in ids if each not in IDS]
    source = teams.scripts["New-AppRegistration.ps1"].source
    return problems + [
        f"New-AppRegistration.ps1: {each} is missing" for each in (*REQUIRED, *KEPT) if each not in source
    ]


CHECKS = (
    check_syntax,
    check_strictness,
    check_help,
    check_declarations,
    check_commands,
    check_changes,
    check_order,
    check_waits,
    check_modules,
    check_variables,
    check_text,
    check_registration,
)
