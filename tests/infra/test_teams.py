"""The administrators' scripts and guide, checked without PowerShell; and the checks, checked by mutations."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.stack import ROOT
from shared.doctor import teams as prescribed
from tests.infra.powershell import parsed
from tests.infra.project import Infra
from tests.infra.teams_checks import CHECKS, Teams, check_command

GUIDE = ROOT / "docs/provisioning.md"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_scripts(check: Callable[[Teams], list[str]]) -> None:
    assert check(Teams(ROOT)) == []


# -- The guide -----------------------------------------------------------------------------------------------


def commands_of(text: str, teams: Teams) -> Iterator[str]:
    """Problems of pasted PowerShell."""
    # The grammar knows no commands that are paths: ./infra/teams/X.ps1 is read as X.
    pasted = parsed("pasted", re.sub(r"\./(?:[\w-]+/)*([\w-]+)\.ps1", r"\1", text))
    yield from (f"line {line} cannot be parsed" for line in pasted.errors)
    entries = {each.name.removesuffix(".ps1"): each.itself for each in teams.entries}
    for command in pasted.commands:
        yield from check_command(teams, command, entries)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_guides_commands_are_documented() -> None:
    teams, pasted = Teams(ROOT), blocks("powershell")
    assert len(pasted) >= 8
    assert [problem for block in pasted for problem in commands_of(block, teams)] == []


def test_examples_use_parameters_that_exist() -> None:
    teams = Teams(ROOT)
    examples = [
        each for entry in teams.entries for each in re.findall(r"^\.EXAMPLE\n(.+)", entry.itself.help, re.MULTILINE)
    ]
    assert len(examples) >= 9
    assert [problem for each in examples for problem in commands_of(each, teams)] == []


def test_every_script_is_in_the_guide() -> None:
    text = GUIDE.read_text()
    assert [each.name for each in Teams(ROOT).entries if f"infra/teams/{each.name}" not in text] == []


def test_the_guides_azd_variables_exist() -> None:
    infra, text = Infra(ROOT), GUIDE.read_text()
    outputs = set(infra.files["main.bicep"].outputs)
    settable = set(re.findall(r"\$\{(\w+)", str(infra.parameters)))
    asked = set(re.findall(r"azd env get-value (\w+)", text))
    assert asked
    assert asked <= outputs
    assert {"APP_PRINCIPAL_ID", "FUNCTION_APP_HOST", "ACS_IMMUTABLE_ID"} <= outputs
    assert set(re.findall(r"azd env set (\w+)", text)) <= settable


def test_the_guide_lists_the_links_of_the_doctor() -> None:
    from shared.doctor.accounts import STEPS  # noqa: PLC0415
    from shared.doctor.checks import CHECKS  # noqa: PLC0415

    table = GUIDE.read_text().partition("## Which link is broken")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)`", table, flags=re.MULTILINE) == [*(check.name for check in CHECKS), *STEPS]


def test_the_doctors_commands_are_documented() -> None:
    teams = Teams(ROOT)
    teams.cmdlets["Read-Host"] = {"parameters": ["Prompt"], "mandatory": []}  # in pasted commands
    pasted = [
        prescribed.create(), prescribed.link("a", "b", "c"), prescribed.number("a"),
        prescribed.licence("a"), prescribed.see_licence("a"),
    ]  # fmt: skip
    wrong = [problem for each in pasted for problem in commands_of(each, teams)]
    assert [each for each in wrong if "by position" not in each and "Read-Host" not in each] == []


# -- Mutations -----------------------------------------------------------------------------------------------

LINE, APP, SHARED = "New-TeamsPhoneLine.ps1", "New-AppRegistration.ps1", "Steps.ps1"
ASKED = '    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Link to the ACS resource $AcsResourceId")) {'
MUTATIONS = {
    "a brace is missing": (LINE, "process {\n", "process \n", "cannot be parsed"),
    "a statement stands beside the blocks": (LINE, "begin {\n", "$x = 1\nbegin {\n", "statements stand beside"),
    "a cmdlet is misspelt": (LINE, "Sync-CsOnlineApplicationInstance", "Sync-CsApplicationInstance", "no cmdlet of"),
    "a parameter is misspelt": (LINE, "-AcsResourceId $AcsResourceId", "-AcsId $AcsResourceId", "has no -acsid"),
    "a parameter is another cmdlet's": (
        LINE, "Set-CsOnlineApplicationInstance -Identity", "Set-CsOnlineApplicationInstance -ObjectId",
        "lacks -identity",
    ),
    "a splatted parameter is misspelt": (APP, "    Issuer        =", "    Isuer         =", "has no -isuer"),
    "a splatted parameter is not there": (
        APP, "IdentifierUris         =", "IdentifierUri          =", "Update-MgApplication has no -identifieruri",
    ),
    "a value is not accepted": (LINE, "-State 'done'", "-State 'finished'", "takes no 'finished'"),
    "an alias": (LINE, "| Where-Object {", "| ? {", "or an alias"),
    "a change is not guarded": (LINE, ASKED, "    elseif ($AcsResourceId) {", "is not guarded by ShouldProcess"),
    "a change is in the wrong branch": (
        LINE, ASKED, ASKED.replace("($PSCmdlet", "(-not $PSCmdlet", 1), "is not guarded by ShouldProcess",
    ),
    "ShouldProcess is not declared": (
        LINE, "[CmdletBinding(SupportsShouldProcess)]", "[CmdletBinding()]", "does not go with its verb",
    ),
    "a verb is not approved": (SHARED, "Wait-Result", "Await-Result", "no approved verb"),
    "a parameter is not validated": (LINE, "    [ValidateLength(1, 256)]\n", "", "-DisplayName is not validated"),
    "a parameter has no type": (LINE, "[string] $PhoneNumber,", "$PhoneNumber,", "-PhoneNumber has no type"),
    "a parameter is not documented": (LINE, ".PARAMETER Relink\n", "Relink:\n", "no word on -Relink"),
    "there is no example": (LINE, ".EXAMPLE\n", "An example:\n", "no EXAMPLE in its help"),
    "a secret is a parameter": (LINE, "$WaitSeconds", "$PasswordSeconds", "a secret as plain text"),
    "the output has no type": (LINE, "[OutputType([pscustomobject])]\n", "", "no OutputType"),
    "something is written to the host": (LINE, "Write-Verbose -Message", "Write-Host", "has no place here"),
    "a variable is misspelt": (LINE, "if (-not $sku)", "if (-not $skus)", "$skus has no value"),
    "a variable is not read": (LINE, "$fresh = $true", "$frehs = $true", "$frehs is not read"),
    "a module is not required": (LINE, ", Microsoft.Graph.Users.Actions", "", "Graph.Users.Actions is not required"),
    "a module of what is shared is not required": (
        "Grant-ApiRole.ps1", "Microsoft.Graph.Authentication, ", "", "Microsoft.Graph.Authentication is not required",
    ),
    "errors are passed over": (LINE, "$ErrorActionPreference = 'Stop'", "$x = 'Stop'", "$ErrorActionPreference"),
    "a number comes before its licence": (
        "Remove-TeamsPhoneLine.ps1", "Remove-CsPhoneNumberAssignment -Identity $user.Id -RemoveAll",
        "Remove-MgUser -UserId $user.Id", "the steps are",
    ),
    "a new account is changed at once": (
        LINE, "fails until Teams lists the account.\n        $account = ", "fails.\n        $null = ",
        "does not wait for the new account",
    ),
    "a permission is left out": (APP, "'Chat.Create', ", "", "is missing"),
    "a permission is known by an id alone": (
        APP, "'Calendars.Read'", "'465a38f9-76ea-45b9-9f34-9e8b0d4b0b42'", "nothing documents the id",
    ),
    "tokens are of version 1": (APP, "TokenVersion = 2", "TokenVersion = 1", "is missing"),
    "tokens of applications lack idtyp": (APP, "@{ Name = 'idtyp' }", "@{ Name = 'upn' }", "is missing"),
    "a registration is changed by its name alone": (
        APP, " | Where-Object { $known -contains $_.AppId })", ")", "is missing",
    ),
    "a run without a switch revokes what it allowed": (
        APP, " -or -not $PSBoundParameters.ContainsKey('AllowAzureCli')", "", "is missing",
    ),
    "a run without a switch narrows the audience": (
        APP, "elseif ($PSBoundParameters.ContainsKey('MultiTenant')) {", "else {", "is missing",
    ),
    "the credential trusts another issuer": (APP, '/v2.0"', '/"', "is missing"),
    "a dash is no dash": (LINE, "# 6. The number.", "# 6. The number \u2013 last.", "not only ASCII"),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_mutation_is_found(what: str, tmp_path: Path) -> None:
    name, old, new, expected = MUTATIONS[what]
    shutil.copytree(ROOT / "infra/teams", tmp_path / "infra/teams")
    path = tmp_path / "infra/teams" / name
    source = path.read_text()
    assert old in source, "the mutation does not apply"
    path.write_text(source.replace(old, new))
    teams = Teams(tmp_path)
    problems = CHECKS[0](teams) or [problem for check in CHECKS for problem in check(teams)]
    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize("wrong", ["Get-CsOnlineApplicationInstances", "Get-CsOnlineUser -Name x", "gci", "Get-Date 1"])
def test_the_guide_cannot_tell_to_paste_anything(wrong: str) -> None:
    assert list(commands_of(wrong, Teams(ROOT)))
