#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '6.1.1' }
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Users, Microsoft.Graph.Users.Actions

<#
.SYNOPSIS
Removes a phone line: number, licence, sync, and optionally the resource account.

.DESCRIPTION
The reverse of New-TeamsPhoneLine.ps1, for the same administrator, with the same sign-in. Withdraw the access assignment
of the account first (docs/provisioning.md, "Removing a line"). Asks before each step, unless -Confirm:$false is given.

The number stays with the tenant. No documented cmdlet clears the ACS resource id of an account; without the mapping that
Sync-CsOnlineApplicationInstance creates, its calls do not reach the resource.

.PARAMETER UserPrincipalName
The resource account's name.

.PARAMETER DeleteAccount
Deletes the account as well. Entra can restore it within 30 days.

.EXAMPLE
./Remove-TeamsPhoneLine.ps1 -UserPrincipalName support@contoso.com -WhatIf

Shows what would change.

.EXAMPLE
Import-Csv -Path lines.csv | ./Remove-TeamsPhoneLine.ps1 -DeleteAccount

Removes the lines of a file with the column UserPrincipalName, and deletes their accounts.

.OUTPUTS
One object for each step: Target, Step, State, Detail.
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
    [ValidatePattern('^[^@\s'']+@[^@\s'']+\.[^@\s'']+$')]
    [string] $UserPrincipalName,

    [Parameter()]
    [switch] $DeleteAccount
)

begin {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Steps.ps1')
    $null = Assert-GraphSession -Scope 'User.ReadWrite.All', 'Organization.Read.All'
    $licence = 'PHONESYSTEM_VIRTUALUSER' # Microsoft Teams Phone Resource Account
}

process {
    $user = Get-UserByName -UserPrincipalName $UserPrincipalName
    if (-not $user) {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'already so' -Detail 'does not exist'
        return
    }
    if (-not (Get-CsOnlineApplicationInstance -Identity $user.Id)) {
        throw "$UserPrincipalName is not a resource account. Nothing was changed."
    }

    # 6. The number.
    $numbers = @(Get-CsPhoneNumberAssignment -AssignedPstnTargetId $user.Id)
    if ($numbers.Count -eq 0) {
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Remove the number')) {
        $null = Remove-CsPhoneNumberAssignment -Identity $user.Id -RemoveAll
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'not done'
    }

    # 4. The licence.
    $assigned = @(Get-MgUserLicenseDetail -UserId $user.Id -All | Where-Object { $_.SkuPartNumber -eq $licence })
    if ($assigned.Count -eq 0) {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Remove the licence $licence")) {
        $null = Set-MgUserLicense -UserId $user.Id -AddLicenses @() -RemoveLicenses @($assigned[0].SkuId)
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'not done'
    }

    # 3. The sync: an application id of zeros removes the mapping.
    if ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Remove the mapping of the Agent Provisioning Service')) {
        $null = Sync-CsOnlineApplicationInstance -ObjectId $user.Id -ApplicationId ([guid]::Empty)
        Write-Step -Target $UserPrincipalName -Step 'sync' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'sync' -State 'not done'
    }

    # 2. and 1. The account, with its link.
    if (-not $DeleteAccount) { return }
    if ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Delete the resource account')) {
        $null = Remove-MgUser -UserId $user.Id
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'not done'
    }
}
